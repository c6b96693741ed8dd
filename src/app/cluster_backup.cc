#include "app/cluster_backup.h"

#include "os/system.h"

namespace owl::app {

cluster::BackupOptions backup_options(Invocation& in, const std::string& label) {
  const auto& settings = in.settings();
  cluster::BackupOptions options;
  options.connection = settings.postgres.connection;
  options.primary = settings.postgres.primary;
  options.data_directory = settings.postgres.data_directory;
  options.name = settings.name;
  options.label = label;
  options.state_directory = settings.state.directory;
  options.workers = settings.backup.workers == 0 ? os::processor_count() : settings.backup.workers;
  options.memory_bytes = settings.backup.memory;
  options.zstd_level = settings.compression.level;
  options.fast_checkpoint = settings.backup.fast_checkpoint;
  options.slot = settings.wal.slot;
  options.wal_timeout = settings.backup.wal_timeout;
  return options;
}

}  // namespace owl::app
