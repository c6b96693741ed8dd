#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/wal_chain.h"

namespace owl::cluster {

/// Moments that a time target can name, both ends among them.
struct MomentRange {
  Timestamp first, last;
};
/// In order, without overlaps; ranges that touch are one.
std::vector<MomentRange> merged(std::vector<MomentRange> ranges);
/// "2026-11-22 14:30:00+00 to 2026-11-23 01:00:00+00, …": the newest few, and how many there are before.
std::string to_text(const std::vector<MomentRange>& ranges);

/// What times the WAL of one backup can be asked for.
///
/// Recovery to T stops at the first transaction end, in WAL order, that is later than T (exclusive: not earlier). It
/// can serve a backup iff such a record exists and none comes before the backup's stop LSN. So T reaches from the
/// greatest time between start and stop, or the backup's begin, up to just before the greatest time of all.
class ReachableMoments {
 public:
  ReachableMoments(WalInfos& infos, wal::Fetcher& fetcher, bool exclusive, std::stop_token stop)
      : infos_(infos), fetcher_(fetcher), exclusive_(exclusive), stop_(stop) {}

  /// nullopt: no transaction ended after the backup, so that no moment has a record to stop at.
  std::optional<MomentRange> of(const ClusterDetails& details, const WalChain& chain);
  /// Did the server run with wal_level = minimal since? Recovery can't pass that; later backups may go further.
  bool meets_minimal(const ClusterDetails& details, const WalChain& chain) {
    return first_minimal(chain, details).has_value();
  }

  /// The greatest time of a transaction end from one LSN to before another (nullopt: to the chain's end). Exact, unless
  /// a clock was set back and the latest transaction's record lies across the border of two segments.
  std::optional<Timestamp> greatest_time(const WalChain& chain, std::uint32_t segment_size, postgres::Lsn from,
                                         std::optional<postgres::Lsn> to);

 private:
  std::optional<postgres::Lsn> first_minimal(const WalChain& chain, const ClusterDetails& details);

  WalInfos& infos_;
  wal::Fetcher& fetcher_;
  bool exclusive_;
  std::stop_token stop_;
};

}  // namespace owl::cluster
