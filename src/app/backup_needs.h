#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "app/invocation.h"
#include "cluster/details.h"
#include "wal/timeline_graph.h"

namespace owl::app {

/// A backup's own WAL, from start to stop, must be in the archive.
void add_needs(wal::KnownExtents& known, const cluster::ClusterDetails& backup);

/// The WAL that the backups of one cluster need, asked for again and again: each manifest is read once. One thread.
class BackupNeeds {
 public:
  BackupNeeds(std::vector<repository::StoreSet::Member> members, const crypto::HostKeys& keys,
              postgres::SystemId system_id)
      : members_(std::move(members)), keys_(keys), system_id_(system_id) {}

  /// Throws what the stores throw when none of them answers. A manifest that can't be read needs nothing: `verify`
  /// tells of it.
  wal::KnownExtents operator()(std::stop_token stop);

 private:
  const std::vector<repository::StoreSet::Member> members_;
  const crypto::HostKeys& keys_;
  const postgres::SystemId system_id_;
  std::map<std::string, wal::KnownExtents> of_backup_;  ///< by the manifest's key
};

}  // namespace owl::app
