#pragma once

#include <filesystem>

#include "app/invocation.h"
#include "postgres/types.h"

namespace owl::app {

/// The one cluster whose WAL the stores hold. Throws Error(usage) listing them when there are several.
postgres::SystemId only_system(Invocation& in);

/// Where the WAL service listens.
std::filesystem::path wal_socket(Invocation& in);

}  // namespace owl::app
