#pragma once

#include <optional>
#include <string>

#include "cluster/restore_target.h"
#include "cluster/wal_chain.h"

namespace owl::cluster {

/// The record at which recovery will stop.
struct StopPoint {
  postgres::Lsn lsn;              ///< where that record begins
  std::size_t segment = 0;        ///< index into the chain's segments
  std::optional<Timestamp> time;  ///< of the transaction, where it has one
};
/// Finds it as recovery does (xlogrecovery.c, recoveryStopsBefore and recoveryStopsAfter): the first fitting record in
/// WAL order from the backup's start. nullopt: there is none in the chain; recovery would end with FATAL. Kinds latest
/// and immediate have no such record and are not asked for.
std::optional<StopPoint> find_stop(const RestoreTarget& target, const WalChain& chain, postgres::Lsn backup_start,
                                   std::uint32_t segment_size, WalInfos& infos, wal::Fetcher& fetcher,
                                   std::stop_token stop);

}  // namespace owl::cluster
