#pragma once

#include "app/command_line.h"

namespace owl::app {

/// Each command has one file cmd_<name>.cc, which adds itself to the command line here.
void add_init(Command& app);
void add_doctor(Command& app);
void add_backup(Command& app);
void add_wal(Command& app);
void add_list(Command& app);
void add_show(Command& app);
void add_ls(Command& app);
void add_cat(Command& app);
void add_restore(Command& app);
void add_verify(Command& app);
void add_status(Command& app);
void add_keys(Command& app);
void add_serve(Command& app);
void add_demo(Command& app);
void add_completion(Command& app);

/// Parses, runs, reports; returns the process's exit code. The whole program.
int run_program(int argc, char** argv);

}  // namespace owl::app
