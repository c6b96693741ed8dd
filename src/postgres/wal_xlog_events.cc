#include "postgres/wal_events.h"
#include "postgres/wal_record_kinds.h"

namespace owl::postgres::events {
namespace {

bool report_parameter_change(const WalRecord& record, WalVisitor& visitor) {
  BinaryReader reader(record.main_data);
  ParameterChange change{.lsn = record.lsn};
  for (std::int32_t* const field :
       {&change.max_connections, &change.max_worker_processes, &change.max_wal_senders,
        &change.max_prepared_transactions, &change.max_locks_per_transaction, &change.wal_level}) {
    *field = read_int(reader);
  }
  if (reader.ok()) visitor.parameter_change(change);
  return reader.ok();
}

bool report_restore_point(const WalRecord& record, WalVisitor& visitor) {
  BinaryReader reader(record.main_data);
  RestorePoint point{.lsn = record.lsn, .end = record.end, .time = read_time(reader), .name = read_text(reader)};
  if (reader.ok()) visitor.restore_point(point);
  return reader.ok();
}

bool report_overwritten(const WalRecord& record, WalVisitor& visitor) {
  BinaryReader reader(record.main_data);
  OverwrittenRecord note{.lsn = record.lsn, .overwritten = {reader.u64()}, .time = read_time(reader)};
  if (reader.ok()) visitor.overwritten_record(note);
  return reader.ok();
}

bool report_wal_level(const WalRecord& record, std::size_t offset, int major, WalVisitor& visitor) {
  if (major < 17) return true;
  BinaryReader reader(record.main_data);
  reader.raw(offset);
  const WalLevelNote note{.lsn = record.lsn, .wal_level = read_int(reader)};
  if (reader.ok()) visitor.wal_level(note);
  return reader.ok();
}

bool report_full_page_writes(const WalRecord& record, std::size_t offset, WalVisitor& visitor) {
  BinaryReader reader(record.main_data);
  reader.raw(offset);
  const FullPageWritesNote note{.lsn = record.lsn, .on = reader.u8() != 0};
  if (reader.ok()) visitor.full_page_writes(note);
  return reader.ok();
}

/// CheckPoint: redo, both timelines, fullPageWrites, and in 17 and later wal_level.
bool report_checkpoint(const WalRecord& record, int major, WalVisitor& visitor) {
  return report_full_page_writes(record, 16, visitor) && report_wal_level(record, 20, major, visitor);
}

}  // namespace

bool report_xlog(const WalRecord& record, int major, WalVisitor& visitor) {
  switch (record.info & kind_mask) {
    case xlog::checkpoint_shutdown:
    case xlog::checkpoint_online:
      return report_checkpoint(record, major, visitor);
    case xlog::parameter_change:
      return report_parameter_change(record, visitor);
    case xlog::restore_point:
      return report_restore_point(record, visitor);
    case xlog::full_page_writes_change:
      return report_full_page_writes(record, 0, visitor);
    case xlog::end_of_recovery:
      return report_wal_level(record, 16, major, visitor);  // xl_end_of_recovery.wal_level
    case xlog::overwrite_contrecord:
      return report_overwritten(record, visitor);
    case xlog::checkpoint_redo:
      return report_wal_level(record, 0, major, visitor);
    default:
      return true;
  }
}

}  // namespace owl::postgres::events
