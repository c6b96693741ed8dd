#include "wal/segment_events.h"

#include <algorithm>

#include "postgres/wal_record_kinds.h"

namespace owl::wal {

namespace rm = postgres::rm;

std::size_t EventCollector::HashDeletes::operator()(
    const std::pair<postgres::RelationFile, postgres::TransactionId>& key) const {
  const std::uint64_t mixed = (std::uint64_t{key.second} << 32 | key.first.relation) * 0x9e3779b97f4a7c15;
  return static_cast<std::size_t>(mixed ^ key.first.database ^ mixed >> 29);
}

void EventCollector::record(const postgres::WalRecord& record) {
  ++records_[record.resource_manager];
  if (record.xid != 0) widen_xids(record.xid);
  const bool removes =
      record.resource_manager == rm::heap && (record.info & postgres::heap::operation_mask) == postgres::heap::remove;
  if (removes && !record.blocks.empty()) count_delete(record);
}

void EventCollector::count_delete(const postgres::WalRecord& record) {
  const auto file = record.blocks.front().file();
  if (latest_ == nullptr || latest_->xid != record.xid || !(latest_->file == file)) {
    const auto [at, is_new] = deletes_.try_emplace({file, record.xid});
    latest_ = &at->second;
    if (is_new) *latest_ = {.file = file, .xid = record.xid, .first = record.lsn, .before = last_end_};
  }
  ++latest_->rows;
  latest_->last = record.lsn;
}

/// They wrap around at 2^32: which of two came first is told by their distance.
void EventCollector::widen_xids(postgres::TransactionId xid) {
  const auto precedes = [](postgres::TransactionId a, postgres::TransactionId b) {
    return static_cast<std::int32_t>(a - b) < 0;
  };
  if (out_.least_xid == 0 || precedes(xid, out_.least_xid)) out_.least_xid = xid;
  if (out_.greatest_xid == 0 || precedes(out_.greatest_xid, xid)) out_.greatest_xid = xid;
}

void EventCollector::transaction_end(const postgres::TransactionEnd& end) {
  last_end_ = end.time;
  // What an aborted transaction drops, nobody ever saw.
  if (!end.commit || (end.dropped.empty() && end.dropped_statistics.empty())) return;
  SegmentEvents::Commit commit{.lsn = end.lsn,
                               .xid = end.xid,
                               .time = end.time,
                               .prepared = end.prepared,
                               .subtransactions = end.subtransactions,
                               .files = end.dropped,
                               .tables = {}};
  for (const auto& item : end.dropped_statistics) {
    if (item.kind != postgres::DroppedStatistics::of_relation) continue;
    commit.tables.emplace_back(item.database, static_cast<postgres::Oid>(item.object));
  }
  if (!commit.files.empty() || !commit.tables.empty()) out_.commits.push_back(std::move(commit));
}

void EventCollector::relation_create(const postgres::RelationCreate& created) {
  if (created.fork == 0) out_.creates.push_back({created.lsn, created.xid, created.file});
}

void EventCollector::relation_truncate(const postgres::RelationTruncate& cut) {
  if ((cut.flags & postgres::RelationTruncate::heap) == 0) return;
  out_.truncates.push_back({cut.lsn, cut.xid, cut.file, cut.blocks});
}

SegmentEvents EventCollector::take() {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (records_[i] != 0) out_.records[static_cast<std::uint8_t>(i)] = records_[i];
  }
  for (const auto& [key, deletes] : deletes_) {
    if (deletes.rows >= SegmentEvents::least_deletes) out_.deletes.push_back(deletes);
  }
  std::ranges::sort(out_.deletes, {}, &SegmentEvents::Deletes::first);
  return std::move(out_);
}

}  // namespace owl::wal
