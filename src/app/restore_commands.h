#pragma once

#include "app/command_line.h"
#include "app/restore_arguments.h"

namespace owl::app {

/// What cmd_restore.cc hangs under `restore`, with a file of its own.
void add_restore_table(Command& restore);

/// --target-time, --target-lsn and the others that say how far recovery goes.
void add_target_options(Command& command, RestoreArguments& arguments);

}  // namespace owl::app
