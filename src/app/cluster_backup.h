#pragma once

#include <string>

#include "app/invocation.h"
#include "cluster/backup.h"

namespace owl::app {

/// A base backup of the configured server, as the configuration wants it.
cluster::BackupOptions backup_options(Invocation& in, const std::string& label);

}  // namespace owl::app
