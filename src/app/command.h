#pragma once

#include <functional>
#include <memory>

namespace CLI {
class App;
}

namespace owl::app {

class Invocation;

/// What a parsed command line asks for: set by the command's callback, run once everything is parsed. Returns the exit code
/// (0, or 5 for what was found damaged, and so on); warnings make a 0 into a 3.
using Action = std::function<int(Invocation&)>;

/// Each command has one file cmd_<name>.cc, which adds itself here. `action` outlives the parse.
void add_init(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);
void add_backup(CLI::App& app, Action& action);
void add_wal(CLI::App& app, Action& action);
void add_list(CLI::App& app, Action& action);
void add_show(CLI::App& app, Action& action);
void add_ls(CLI::App& app, Action& action);
void add_cat(CLI::App& app, Action& action);
void add_restore(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_keys(CLI::App& app, Action& action);
void add_demo(CLI::App& app, Action& action);
void add_completion(CLI::App& app, Action& action);

/// Adds a subcommand with its one-line purpose and, in its footer, an example.
CLI::App* add_command(CLI::App& parent, const char* name, const char* purpose, const char* example);

/// Parses, runs, reports; returns the process's exit code. The whole program.
int run_program(int argc, char** argv);

}  // namespace owl::app
