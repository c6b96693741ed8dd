#include "base/binary.h"
#include "postgres/wal_decode.h"

namespace owl::postgres {
namespace {

// Resource managers (rmgrlist.h).
constexpr std::uint8_t rm_xlog = 0, rm_xact = 1, rm_tablespace = 5;

// The upper four bits of the info byte belong to the resource manager.
namespace xlog {  // catalog/pg_control.h
constexpr std::uint8_t checkpoint_shutdown = 0x00, checkpoint_online = 0x10, parameter_change = 0x60,
                       restore_point = 0x70, end_of_recovery = 0x90, checkpoint_redo = 0xe0;
}
namespace xact {  // access/xact.h
constexpr std::uint8_t operation_mask = 0x70, has_info = 0x80;
constexpr std::uint8_t commit = 0x00, abort = 0x20, commit_prepared = 0x30, abort_prepared = 0x40;
constexpr std::uint32_t has_database = 1, has_subtransactions = 2, has_relations = 4, has_invalidations = 8,
                        has_twophase = 16, has_dropped_stats = 256;
}  // namespace xact
constexpr std::uint8_t tablespace_create = 0x00;  // commands/tablespace.h

std::int32_t read_int(BinaryReader& reader) {
  return static_cast<std::int32_t>(reader.u32());
}

Timestamp read_time(BinaryReader& reader) {
  // Unsigned, as a hostile value may leave the range.
  return {static_cast<std::int64_t>(reader.u64() + static_cast<std::uint64_t>(postgres_epoch_micros))};
}

/// A text that ends with a zero byte.
std::string read_text(BinaryReader& reader) {
  const auto text = as_text(reader.raw(reader.remaining()));
  return std::string(text.substr(0, text.find('\0')));
}

void skip_array(BinaryReader& reader, std::size_t element_size) {
  reader.raw(element_size * reader.u32());
}

/// The transaction that a COMMIT_PREPARED or ABORT_PREPARED is about; the record's own xid is another's. It stands
/// behind the lists of the xl_xact_* sub-records (ParseCommitRecord in rmgrdesc/xactdesc.c).
TransactionId read_prepared_xid(BinaryReader& reader, int major) {
  const std::uint32_t parts = reader.u32();
  if ((parts & xact::has_database) != 0) reader.raw(8);
  if ((parts & xact::has_subtransactions) != 0) skip_array(reader, 4);
  if ((parts & xact::has_relations) != 0) skip_array(reader, 12);
  if ((parts & xact::has_dropped_stats) != 0) skip_array(reader, major >= 18 ? 16 : 12);
  if ((parts & xact::has_invalidations) != 0) skip_array(reader, 16);
  if ((parts & xact::has_twophase) == 0) reader.fail();
  return reader.u32();
}

bool report_transaction_end(const WalRecord& record, int major, WalVisitor& visitor) {
  const std::uint8_t operation = record.info & xact::operation_mask;
  const bool prepared = operation == xact::commit_prepared || operation == xact::abort_prepared;
  if (!prepared && operation != xact::commit && operation != xact::abort) return true;
  BinaryReader reader(record.main_data);
  TransactionEnd end{.lsn = record.lsn, .end = record.end, .xid = record.xid, .time = read_time(reader)};
  end.commit = operation == xact::commit || operation == xact::commit_prepared;
  if (prepared) {
    if ((record.info & xact::has_info) == 0) return false;
    end.xid = read_prepared_xid(reader, major);
  }
  if (reader.ok()) visitor.transaction_end(end);
  return reader.ok();
}

bool report_tablespace(const WalRecord& record, WalVisitor& visitor) {
  if ((record.info & 0xf0) != tablespace_create) return true;
  BinaryReader reader(record.main_data);
  TablespaceCreate created{.lsn = record.lsn, .oid = reader.u32(), .path = read_text(reader)};
  if (reader.ok()) visitor.tablespace_create(created);
  return reader.ok();
}

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

bool report_wal_level(const WalRecord& record, std::size_t offset, int major, WalVisitor& visitor) {
  if (major < 17) return true;
  BinaryReader reader(record.main_data);
  reader.raw(offset);
  const WalLevelNote note{.lsn = record.lsn, .wal_level = read_int(reader)};
  if (reader.ok()) visitor.wal_level(note);
  return reader.ok();
}

bool report_xlog(const WalRecord& record, int major, WalVisitor& visitor) {
  switch (record.info & 0xf0) {
    case xlog::parameter_change:
      return report_parameter_change(record, visitor);
    case xlog::restore_point:
      return report_restore_point(record, visitor);
    case xlog::checkpoint_shutdown:
    case xlog::checkpoint_online:
      return report_wal_level(record, 20, major, visitor);  // CheckPoint.wal_level
    case xlog::end_of_recovery:
      return report_wal_level(record, 16, major, visitor);  // xl_end_of_recovery.wal_level
    case xlog::checkpoint_redo:
      return report_wal_level(record, 0, major, visitor);
    default:
      return true;
  }
}

}  // namespace

bool report_record(const WalRecord& record, int major, WalVisitor& visitor) {
  visitor.record(record);
  switch (record.resource_manager) {
    case rm_xlog:
      return report_xlog(record, major, visitor);
    case rm_xact:
      return report_transaction_end(record, major, visitor);
    case rm_tablespace:
      return report_tablespace(record, visitor);
    default:
      return true;
  }
}

}  // namespace owl::postgres
