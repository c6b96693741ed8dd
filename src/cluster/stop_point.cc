#include "cluster/stop_point.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>

namespace owl::cluster {
namespace {

/// Takes the first record of interest at or after an LSN.
class FirstMatch final : public postgres::WalVisitor {
 public:
  FirstMatch(const RestoreTarget& target, postgres::Lsn from) : target_(target), from_(from) {}

  void record(const postgres::WalRecord& record) override {
    if (target_.kind == RestoreTarget::Kind::lsn && record.lsn >= target_.lsn) match(record.lsn, std::nullopt);
  }
  void transaction_end(const postgres::TransactionEnd& end) override {
    if (target_.kind == RestoreTarget::Kind::xid && end.xid == target_.xid) match(end.lsn, end.time);
    if (target_.kind == RestoreTarget::Kind::time && is_later(end.time)) match(end.lsn, end.time);
  }
  void restore_point(const postgres::RestorePoint& point) override {
    if (target_.kind == RestoreTarget::Kind::name && point.name == target_.name) match(point.lsn, point.time);
  }
  bool is_later(Timestamp t) const { return target_.exclusive ? t >= target_.time : t > target_.time; }
  const std::optional<StopPoint>& found() const { return found_; }

 private:
  void match(postgres::Lsn lsn, std::optional<Timestamp> time) {
    if (!found_ && lsn >= from_) found_ = StopPoint{lsn, 0, time};
  }

  const RestoreTarget& target_;
  postgres::Lsn from_;
  std::optional<StopPoint> found_;
};

/// Can the record be in this segment, going by its info alone?
bool may_hold(const RestoreTarget& target, const FirstMatch& match, const wal::WalInfo& info) {
  const auto& segment = info.segment;
  switch (target.kind) {
    case RestoreTarget::Kind::time:
      return segment.uncertain_tail || (segment.transaction_ends > 0 && match.is_later(segment.max_time));
    case RestoreTarget::Kind::name:
      return segment.events_at_tail ||
             std::ranges::any_of(segment.restore_points, [&](const auto& p) { return p.name == target.name; });
    case RestoreTarget::Kind::lsn:
      return segment.next_record > target.lsn;
    default:
      return segment.transaction_ends > 0 || segment.uncertain_tail;
  }
}

}  // namespace

std::optional<StopPoint> find_stop(const RestoreTarget& target, const WalChain& chain, postgres::Lsn backup_start,
                                   std::uint32_t segment_size, WalInfos& infos, wal::Fetcher& fetcher,
                                   std::stop_token stop) {
  constexpr std::size_t infos_at_once = 64;
  for (std::size_t i = 0; i < chain.segments.size(); ++i) {
    if (i % infos_at_once == 0) {
      std::vector<std::string> names;
      for (std::size_t k = i; k < std::min(i + infos_at_once, chain.segments.size()); ++k) {
        names.push_back(postgres::to_file_name(chain.segments[k], segment_size));
      }
      infos.load(names, stop);
    }
    FirstMatch match(target, backup_start);
    const auto name = postgres::to_file_name(chain.segments[i], segment_size);
    if (!may_hold(target, match, infos.get(name))) continue;
    // A record that begins at the very end is whole only together with the next segment.
    const std::size_t count = infos.get(name).segment.events_at_tail || target.kind == RestoreTarget::Kind::lsn ? 2 : 1;
    decode_segments(
        chain.segments, i, count, segment_size, fetcher, match, [&] { return match.found().has_value(); }, stop);
    if (auto found = match.found()) {
      found->segment = found->lsn.value / segment_size - chain.segments.front().number;
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace owl::cluster
