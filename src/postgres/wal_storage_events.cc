#include "postgres/wal_events.h"
#include "postgres/wal_record_kinds.h"

// Records about whole files, folders and tables. Their main data has one exact size: another one means that this is not
// the layout that is known here, and nothing may be concluded from it.

namespace owl::postgres::events {
namespace {

bool report_unexplained(const WalRecord& record, WalVisitor& visitor) {
  visitor.unexplained_change({record.lsn, record.resource_manager, record.info});
  return true;
}

bool report_database_create(const WalRecord& record, bool file_copy, WalVisitor& visitor) {
  BinaryReader reader(record.main_data);
  DatabaseCreate created{.lsn = record.lsn, .xid = record.xid, .file_copy = file_copy};
  created.database = reader.u32();
  created.tablespace = reader.u32();
  if (file_copy) {
    created.source_database = reader.u32();
    created.source_tablespace = reader.u32();
  }
  if (at_end(reader)) visitor.database_create(created);
  return at_end(reader);
}

bool report_database_drop(const WalRecord& record, WalVisitor& visitor) {
  BinaryReader reader(record.main_data);
  DatabaseDrop dropped{.lsn = record.lsn, .xid = record.xid, .database = reader.u32()};
  dropped.tablespaces = read_oids(reader, reader.u32());
  if (at_end(reader)) visitor.database_drop(dropped);
  return at_end(reader);
}

}  // namespace

bool report_storage(const WalRecord& record, WalVisitor& visitor) {
  BinaryReader reader(record.main_data);
  switch (record.info & kind_mask) {
    case smgr::create: {
      RelationCreate created{.lsn = record.lsn, .xid = record.xid, .file = read_relation(reader)};
      created.fork = reader.u32();
      if (at_end(reader)) visitor.relation_create(created);
      return at_end(reader);
    }
    case smgr::truncate: {
      RelationTruncate cut{.lsn = record.lsn, .xid = record.xid};
      cut.blocks = reader.u32();
      cut.file = read_relation(reader);
      cut.flags = reader.u32();
      if (at_end(reader)) visitor.relation_truncate(cut);
      return at_end(reader);
    }
    default:
      return report_unexplained(record, visitor);
  }
}

bool report_database(const WalRecord& record, int major, WalVisitor& visitor) {
  const std::uint8_t kind = record.info & kind_mask;
  if (kind == dbase::create) return report_database_create(record, true, visitor);
  if (major >= 15 && kind == dbase::create_by_wal) return report_database_create(record, false, visitor);
  if (kind == (major >= 15 ? dbase::drop : dbase::drop_before_15)) return report_database_drop(record, visitor);
  return report_unexplained(record, visitor);
}

bool report_tablespace(const WalRecord& record, WalVisitor& visitor) {
  BinaryReader reader(record.main_data);
  switch (record.info & kind_mask) {
    case tblspc::create: {
      TablespaceCreate created{.lsn = record.lsn, .oid = reader.u32(), .path = read_text(reader)};
      if (reader.ok()) visitor.tablespace_create(created);
      return reader.ok();
    }
    case tblspc::drop: {
      const TablespaceDrop dropped{.lsn = record.lsn, .oid = reader.u32()};
      if (at_end(reader)) visitor.tablespace_drop(dropped);
      return at_end(reader);
    }
    default:
      return report_unexplained(record, visitor);
  }
}

/// xl_heap_truncate: database, count, one byte of flags, and the list at the next multiple of four.
bool report_heap(const WalRecord& record, WalVisitor& visitor) {
  if ((record.info & heap::operation_mask) != heap::truncate) return true;
  BinaryReader reader(record.main_data);
  TableTruncate cut{.lsn = record.lsn, .xid = record.xid, .database = reader.u32()};
  const std::uint32_t count = reader.u32();
  reader.u32();
  cut.tables = read_oids(reader, count);
  if (at_end(reader)) visitor.table_truncate(cut);
  return at_end(reader);
}

}  // namespace owl::postgres::events
