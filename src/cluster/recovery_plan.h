#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/details.h"
#include "cluster/restore_target.h"
#include "observe/monitor.h"
#include "postgres/timeline_history.h"
#include "repository/catalogue.h"
#include "wal/archive.h"
#include "wal/fetcher.h"

namespace owl::cluster {

/// A backup that a recovery may begin from.
struct Candidate {
  repository::LoadedManifest loaded;
  ClusterDetails details;
};

/// Everything that is decided before the first write of a restore.
struct RecoveryPlan {
  Candidate base;
  RestoreTarget target;
  postgres::TimelinePath path{1, {}};                           ///< timelines from the backup to the target
  std::vector<postgres::SegmentId> segments;                    ///< WAL that will be replayed, in order
  std::optional<postgres::Lsn> stop_lsn;                        ///< where recovery will stop, as far as it is known
  std::optional<Timestamp> stop_time;                           ///< of the transaction that decides
  std::vector<postgres::TablespaceCreate> tablespaces_created;  ///< inside the range
  std::vector<postgres::ParameterChange> parameter_changes;
  std::vector<postgres::DatabaseCreate> databases_created;
};

/// Chooses base backup and moment, and proves that the moment can be reached: WAL from the backup's start to the target
/// on one path of timelines without a gap, no stretch of wal_level=minimal, and a record at which recovery will stop.
///
/// Time targets: recovery stops at the first transaction end, in WAL order, later than the target (not earlier, where
/// exclusive). A backup fits if it was begun before the target and there is such a record at or after its stop LSN; the
/// newest that fits is taken. Commit times are not monotonic, so segments are judged by their greatest time and the one
/// that decides is decoded. Throws Error(refused), naming the moments that can be reached and what is missing.
RecoveryPlan plan_recovery(std::vector<Candidate> candidates, const RestoreTarget& target, const wal::Archive& archive,
                           wal::Fetcher& unbounded_fetcher, Monitor& monitor, std::stop_token stop = {});

}  // namespace owl::cluster
