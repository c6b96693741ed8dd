#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "observe/monitor.h"
#include "postgres/types.h"
#include "repository/stores.h"

namespace owl::cluster {

/// The WAL files that a backup can't do without.
struct NeededWal {
  postgres::SystemId system_id = 0;
  postgres::TimelineId timeline = 0;
  postgres::Lsn start, stop;       ///< [start, stop)
  std::uint32_t segment_size = 0;  ///< bytes
};
std::vector<std::string> needed_segments(const NeededWal& need);

/// Waits until some store has them all, and then a little for the others. Throws Error(timeout) naming the first
/// segment that is missing; `why` is asked for what the server says of its archiver.
void wait_for_wal(const NeededWal& need, repository::StoreSet& stores, std::chrono::milliseconds deadline,
                  const std::function<std::string()>& why, Clock& clock, Monitor& monitor, std::stop_token stop);

/// Throws Error(not_found) naming the first segment that this store lacks.
void require_wal(const NeededWal& need, repository::StoreSet::Member& store, std::stop_token stop);

}  // namespace owl::cluster
