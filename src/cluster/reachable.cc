#include "cluster/reachable.h"

#include <fmt/format.h>

#include <algorithm>

namespace owl::cluster {
namespace {

/// The greatest time of the transaction ends in a range of LSNs.
class GreatestTime final : public postgres::WalVisitor {
 public:
  GreatestTime(postgres::Lsn from, std::optional<postgres::Lsn> to) : from_(from), to_(to) {}

  void transaction_end(const postgres::TransactionEnd& end) override {
    if (end.lsn < from_ || (to_ && end.lsn >= *to_)) return;
    found_ = found_ ? std::max(*found_, end.time) : end.time;
  }
  std::optional<Timestamp> found() const { return found_; }

 private:
  postgres::Lsn from_;
  std::optional<postgres::Lsn> to_;
  std::optional<Timestamp> found_;
};

Timestamp later_by(Timestamp time, std::int64_t micros) {
  return {time.micros + micros};
}

/// The greatest so far, and the segment that has it.
struct Greatest {
  std::optional<Timestamp> time;
  std::size_t segment = 0;
  void take(std::optional<Timestamp> other, std::size_t at) {
    if (!other || (time && *other <= *time)) return;
    time = other;
    segment = at;
  }
};

}  // namespace

std::vector<MomentRange> merged(std::vector<MomentRange> ranges) {
  std::ranges::sort(ranges, {}, &MomentRange::first);
  std::vector<MomentRange> out;
  for (const auto& range : ranges) {
    if (!out.empty() && range.first <= later_by(out.back().last, 1)) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

std::string to_text(const std::vector<MomentRange>& ranges) {
  constexpr std::size_t shown = 4;
  std::string text;
  for (std::size_t i = ranges.size() > shown ? ranges.size() - shown : 0; i < ranges.size(); ++i) {
    text +=
        fmt::format("{}{} to {}", text.empty() ? "" : ", ", to_postgres(ranges[i].first), to_postgres(ranges[i].last));
  }
  if (ranges.size() > shown) text += fmt::format(" ({} more ranges before)", ranges.size() - shown);
  return text;
}

std::optional<Timestamp> ReachableMoments::greatest_time(const WalChain& chain, std::uint32_t segment_size,
                                                         postgres::Lsn from, std::optional<postgres::Lsn> to) {
  const auto decode = [&](std::size_t i) {
    GreatestTime visitor(from, to);
    // A record that begins in a segment may end in the next.
    decode_segments(
        chain.segments, i, 2, segment_size, fetcher_, visitor, [] { return false; }, stop_);
    return visitor.found();
  };
  Greatest greatest;
  std::vector<std::size_t> with_open_tail;
  for (std::size_t i = 0; i < chain.segments.size(); ++i) {
    const auto begin = postgres::start_of(chain.segments[i], segment_size), end = begin + segment_size;
    if (end <= from || (to && begin >= *to)) continue;
    const auto& info = infos_.get(postgres::to_file_name(chain.segments[i], segment_size)).segment;
    if (info.transaction_ends == 0 && !info.uncertain_tail) continue;
    if (begin < from || (to && end > *to)) {
      greatest.take(decode(i), i);
    } else {
      if (info.transaction_ends > 0) greatest.take(info.max_time, i);
      if (info.uncertain_tail) with_open_tail.push_back(i);
    }
  }
  const auto last_known = greatest.segment;
  for (const auto i : with_open_tail) {
    if (i >= last_known) greatest.take(decode(i), i);
  }
  return greatest.time;
}

/// Recovery can't pass WAL that was written at wal_level = minimal.
std::optional<postgres::Lsn> ReachableMoments::first_minimal(const WalChain& chain, const ClusterDetails& details) {
  for (const auto& segment : chain.segments) {
    for (const auto& change :
         infos_.get(postgres::to_file_name(segment, details.wal_segment_size)).segment.parameters) {
      if (change.wal_level == 0 && change.lsn >= details.start) return change.lsn;
    }
  }
  return std::nullopt;
}

std::optional<MomentRange> ReachableMoments::of(const ClusterDetails& details, const WalChain& chain) {
  const auto size = details.wal_segment_size;
  std::vector<std::string> names;
  for (const auto& segment : chain.segments) names.push_back(postgres::to_file_name(segment, size));
  infos_.load(names, stop_);
  const auto last = greatest_time(chain, size, details.start, first_minimal(chain, details));
  if (!last) return std::nullopt;
  const auto during = greatest_time(chain, size, details.start, details.stop);
  // Inclusive: later than nothing before the stop, and earlier than something. Exclusive: one microsecond further.
  const std::int64_t shift = exclusive_ ? 1 : 0;
  MomentRange range{details.start_time, later_by(*last, shift - 1)};
  if (during) range.first = std::max(range.first, later_by(*during, shift));
  if (range.first > range.last) return std::nullopt;
  return range;
}

}  // namespace owl::cluster
