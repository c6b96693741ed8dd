#include <algorithm>

#include "postgres/wal_decode.h"
#include "postgres/wal_fan_out.h"
#include "postgres/wal_record_kinds.h"
#include "wal/change_collector.h"
#include "wal/wal_object.h"

namespace owl::wal {
namespace {

using postgres::Lsn;

/// Notes what recovery planning needs while a segment is walked.
class Describer final : public postgres::WalVisitor {
 public:
  explicit Describer(WalInfo::Segment& out) : out_(out) {}
  void record(const postgres::WalRecord& record) override {
    if (out_.first_record.value == 0) out_.first_record = record.lsn;
  }
  void transaction_end(const postgres::TransactionEnd& end) override {
    const bool first = out_.transaction_ends++ == 0;
    out_.min_time = first ? end.time : std::min(out_.min_time, end.time);
    out_.max_time = first ? end.time : std::max(out_.max_time, end.time);
    if (first) out_.first_end = end.lsn;
    out_.last_end = end.lsn;
  }
  void tablespace_create(const postgres::TablespaceCreate& created) override { out_.tablespaces.push_back(created); }
  void parameter_change(const postgres::ParameterChange& change) override { out_.parameters.push_back(change); }
  void restore_point(const postgres::RestorePoint& point) override { out_.restore_points.push_back(point); }

 private:
  WalInfo::Segment& out_;
};

/// Notes by what a segment's records chain to those of its neighbours.
class Chainer final : public postgres::WalVisitor {
 public:
  explicit Chainer(ChangeMap& map) : map_(map) {}
  void record(const postgres::WalRecord& record) override {
    if (map_.first.value == 0) {
      map_.first = record.lsn;
      map_.first_previous = record.previous;
    }
    map_.last = record.lsn;
    map_.last_crc = record.crc;
  }

 private:
  ChangeMap& map_;
};

/// Does a record of this kind mean an event that Describer notes?
bool may_be_event(std::uint8_t resource_manager, std::uint8_t info) {
  if (resource_manager == postgres::rm::tablespace || resource_manager == postgres::rm::database) return true;
  const auto kind = info & postgres::kind_mask;
  // All that tell of parameters or names.
  return resource_manager == postgres::rm::xlog &&
         (kind == postgres::xlog::checkpoint_shutdown || kind == postgres::xlog::parameter_change ||
          kind == postgres::xlog::restore_point || kind == postgres::xlog::end_of_recovery ||
          kind == postgres::xlog::checkpoint_redo);
}

std::optional<CarryIn> carry_in(ByteView plain, const postgres::SegmentHeader& header,
                                const postgres::UnfinishedRecord* before) {
  const auto found = postgres::read_continuation(plain, header.block_size);
  if (found.remaining == 0 && !found.dropped) return std::nullopt;
  CarryIn carry{.remaining = found.remaining, .part = {}, .dropped = found.dropped};
  if (found.dropped) return carry;
  const bool fits = before != nullptr && before->total_size - before->seen == found.remaining;
  auto part = fits ? postgres::next_part(*before, found.bytes, header.major) : std::nullopt;
  carry.resolved = part.has_value();
  carry.part = part ? std::move(*part) : postgres::part_of_unknown(found.bytes);
  return carry;
}

/// A segment switch whose record crosses the border leaves the whole next segment empty.
bool switch_ends_here(const CarryIn& carry, const postgres::UnfinishedRecord* before) {
  if (!carry.resolved || carry.part.size != carry.remaining) return false;
  auto record = *before;
  postgres::append_part(record, carry.part);
  if (record.kept.size() < postgres::WalRecordHeader::size) return false;
  const auto head = postgres::read_record_header(record.kept);
  return head.resource_manager == postgres::rm::xlog &&
         (head.info & postgres::kind_mask) == postgres::xlog::segment_switch;
}

void note_end(ChangeMap& map, const postgres::WalWalker::Progress& progress, const postgres::UnfinishedRecord* before) {
  map.end = progress.next;
  if (progress.record_unfinished) {
    map.out = postgres::begin_unfinished(progress.unfinished, progress.next, map.major);
    if (map.first.value == 0) {
      map.first = progress.next;
      map.first_previous = postgres::previous_of(*map.out).value_or(Lsn{});
    }
  } else if (progress.ended) {
    if (map.first.value == 0 && map.in && switch_ends_here(*map.in, before)) {
      map.end = map.segment_start + map.segment_size;
    } else {
      map.poison.push_back({Poison::Kind::unreadable, progress.next});
    }
  }
}

}  // namespace

WalInfo::Segment describe_segment(ByteView plain, postgres::SegmentId id, const postgres::SegmentHeader& header,
                                  const postgres::UnfinishedRecord* before) {
  WalInfo::Segment out;
  out.major = header.major;
  out.segment_size = header.segment_size;
  auto& map = out.map.emplace();
  map.major = header.major;
  map.segment_size = header.segment_size;
  map.page_size = header.block_size;
  map.segment_start = header.page_address;
  map.in = carry_in(plain, header, before);

  Describer describer(out);
  Chainer chainer(map);
  ChangeCollector changes;
  EventCollector events;
  postgres::WalFanOut all(describer, chainer, changes, events);
  postgres::WalWalker walker(header.segment_size);
  const auto progress = walker.feed(plain, id, all);

  out.next_record = progress.next;
  out.ended = progress.ended;
  if (progress.record_unfinished) {
    out.uncertain_tail = progress.unfinished_resource_manager == postgres::rm::transaction;
    out.events_at_tail =
        out.uncertain_tail || may_be_event(progress.unfinished_resource_manager, progress.unfinished_info);
  }
  map.poison = changes.poison();
  map.full_page_writes_off = changes.full_page_writes_off();
  note_end(map, progress, before);
  map.changes = changes.take_changes();
  out.events = events.take();
  return out;
}

}  // namespace owl::wal
