#include "postgres/wal_events.h"
#include "postgres/wal_record_kinds.h"

namespace owl::postgres::events {
namespace {

/// xl_xact_stats_item: 18 made the object's id 64 bits wide, in two halves.
DroppedStatistics read_statistics(BinaryReader& reader, int major) {
  DroppedStatistics item;
  item.kind = reader.u32();
  item.database = reader.u32();
  item.object = reader.u32();
  if (major >= 18) item.object |= std::uint64_t{reader.u32()} << 32;
  return item;
}

/// The lists of the xl_xact_* sub-records, in their order (ParseCommitRecord in rmgrdesc/xactdesc.c). Behind them
/// stands the transaction that a COMMIT_PREPARED or ABORT_PREPARED is about; the record's own xid is another's.
void read_sub_records(BinaryReader& reader, int major, TransactionEnd& end) {
  const std::uint32_t parts = reader.u32();
  if ((parts & xact::has_database) != 0) reader.raw(8);
  if ((parts & xact::has_subtransactions) != 0) end.subtransactions = read_oids(reader, reader.u32());
  if ((parts & xact::has_relations) != 0) {
    end.dropped = read_array<RelationFile>(reader, reader.u32(), 12, read_relation);
  }
  if ((parts & xact::has_dropped_stats) != 0) {
    end.dropped_statistics = read_array<DroppedStatistics>(
        reader, reader.u32(), major >= 18 ? 16 : 12, [&](BinaryReader& in) { return read_statistics(in, major); });
  }
  if ((parts & xact::has_invalidations) != 0) reader.raw(std::size_t{16} * reader.u32());
  if ((parts & xact::has_twophase) != 0) {
    end.xid = reader.u32();
  } else if (end.prepared) {
    reader.fail();
  }
}

}  // namespace

bool report_transaction(const WalRecord& record, int major, WalVisitor& visitor) {
  const std::uint8_t operation = record.info & xact::operation_mask;
  const bool prepared = operation == xact::commit_prepared || operation == xact::abort_prepared;
  if (!prepared && operation != xact::commit && operation != xact::abort) {
    // PREPARE, ASSIGNMENT and INVALIDATIONS change no relation.
    if ((record.info & special_relation_update) != 0) {
      visitor.unexplained_change({record.lsn, record.resource_manager, record.info});
    }
    return true;
  }
  BinaryReader reader(record.main_data);
  TransactionEnd end{.lsn = record.lsn, .end = record.end, .xid = record.xid, .time = read_time(reader)};
  end.commit = operation == xact::commit || operation == xact::commit_prepared;
  end.prepared = prepared;
  if ((record.info & xact::has_info) != 0) {
    read_sub_records(reader, major, end);
  } else if (prepared) {
    return false;
  }
  if (reader.ok()) visitor.transaction_end(end);
  return reader.ok();
}

}  // namespace owl::postgres::events
