#pragma once

#include <stop_token>

#include "cluster/details.h"
#include "crypto/keys.h"
#include "repository/backup_session.h"
#include "repository/catalogue.h"
#include "wal/change_map.h"

namespace owl::cluster {

/// The earlier backup on which an incremental one builds, and what changed since it began.
struct BackupBase {
  repository::LoadedManifest backup;
  ClusterDetails details;
  wal::ChangedBlocks changes;

  std::string id() const;  ///< its lease, in hexadecimal
};

/// Finds it (docs/change-map.md, "When maps count"). The error says why there is none, for people: then everything is
/// read. `current`: of the backup that has begun, whose `start` and `timeline` are known. Throws only what would fail
/// any backup.
Result<BackupBase> find_base(repository::BackupSession& session, repository::StoreSet& stores,
                             const crypto::HostKeys& keys, const ClusterDetails& current, std::stop_token stop);

}  // namespace owl::cluster
