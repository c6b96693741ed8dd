#pragma once

#include <cstdint>
#include <unordered_map>

#include "codec/wal_lane.h"
#include "codec/zstd.h"

namespace owl::codec {

/// Finds out how lanes are best cut up, and remembers it from segment to segment: what a table's rows are like seldom
/// changes, and looking costs about a millisecond a lane. Readers need none of it. One thread at a time.
class LanePlanner {
 public:
  /// `key` stands for resource manager, kind, relation and place in the record. The plan may be changed by its user
  /// and is good until the next call.
  LanePlan& plan_for(std::uint64_t key, std::span<const LaneRow> rows, std::span<const std::uint32_t> xids,
                     const RowBases& bases);

 private:
  LanePlan choose(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids, const RowBases& bases);
  LanePlan shorten(const LanePlan& whole, std::span<const LaneRow> rows, std::span<const std::uint32_t> xids,
                   const RowBases& bases);
  std::size_t stored_size(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids, const RowBases& bases,
                          LanePlan plan);

  std::unordered_map<std::uint64_t, LanePlan> known_;
  LanePlan passing_;
  LaneWriter writer_;
  StreamSet streams_{wal_stream::count};
  ZstdEncoder zstd_{1};
  Bytes room_;
};

}  // namespace owl::codec
