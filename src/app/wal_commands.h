#pragma once

#include "app/command_line.h"

namespace owl::app {

/// What cmd_wal.cc hangs under `wal`, each with a file of its own.
void add_wal_serve(Command& wal);
void add_wal_stream(Command& wal);
void add_wal_status(Command& wal);
void add_wal_show(Command& wal);
void add_wal_find(Command& wal);

}  // namespace owl::app
