#pragma once

#include <optional>
#include <vector>

#include "repository/lease.h"
#include "repository/store_view.h"

namespace owl::repository {

/// What one store's leases tell of runs of our own writer that ended without a commit: the stretch of time, by the
/// store's clock, in which packs of theirs may have been stored that no index tells of.
struct DeadRuns {
  Timestamp from;                  ///< when the first of them put its lease
  std::optional<Timestamp> until;  ///< when the first run of ours that still lives put its own
  Timestamp first_started;         ///< by the host's clock: says which months to look into
};

/// nullopt: there is no such run. A run is dead when its lease has ended or expired, or when it ran on this host and
/// its process is gone. One that committed in any store needs no help; nor does one after whose expiry another run of
/// this writer began and committed: that one has taken over what there was.
std::optional<DeadRuns> find_dead_runs(const StoreView& view, const std::vector<StoreView>& views,
                                       const IndexObjects& own_indexes, const crypto::HostKeys& keys,
                                       const RandomId& own_lease, Clock& clock, const std::stop_token& stop);

}  // namespace owl::repository
