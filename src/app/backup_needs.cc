#include "app/backup_needs.h"

#include "app/backup_view.h"

namespace owl::app {

void add_needs(wal::KnownExtents& known, const cluster::ClusterDetails& backup) {
  const auto size = backup.wal_segment_size;
  if (size == 0 || backup.stop <= backup.start) return;
  wal::extend(known, backup.timeline, {backup.start.value / size, (backup.stop.value - 1) / size});
}

wal::KnownExtents BackupNeeds::operator()(std::stop_token stop) {
  SilentMonitor silent;
  repository::StoreSet stores(members_, silent);
  std::map<std::string, wal::KnownExtents> current;
  for (const auto& entry : repository::list_backups(stores, "cluster", stop)) {
    auto& needs = current[entry.path];
    if (const auto known = of_backup_.find(entry.path); known != of_backup_.end()) {
      needs = known->second;
      continue;
    }
    try {
      const auto loaded = repository::load_manifest(stores, keys_, entry, stop);
      if (!loaded) continue;
      const auto details = cluster_details(loaded->manifest);
      if (details.system_id == system_id_) add_needs(needs, details);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
    }
  }
  of_backup_ = std::move(current);
  wal::KnownExtents all;
  for (const auto& [path, needs] : of_backup_) {
    for (const auto& [timeline, range] : needs) wal::extend(all, timeline, range);
  }
  return all;
}

}  // namespace owl::app
