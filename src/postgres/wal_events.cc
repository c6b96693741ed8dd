#include "postgres/wal_events.h"

#include "postgres/wal_decode.h"
#include "postgres/wal_record_kinds.h"

namespace owl::postgres {
namespace {

/// Only these say that they do more than their block references tell, and are understood (pg_rewind knows no others).
bool explains_itself(std::uint8_t resource_manager) {
  return resource_manager == rm::transaction || resource_manager == rm::storage || resource_manager == rm::database;
}

bool report_meaning(const WalRecord& record, int major, WalVisitor& visitor) {
  switch (record.resource_manager) {
    case rm::xlog:
      return events::report_xlog(record, major, visitor);
    case rm::transaction:
      return events::report_transaction(record, major, visitor);
    case rm::storage:
      return events::report_storage(record, visitor);
    case rm::database:
      return events::report_database(record, major, visitor);
    case rm::tablespace:
      return events::report_tablespace(record, visitor);
    case rm::heap:
      return events::report_heap(record, visitor);
    default:
      return true;
  }
}

}  // namespace

bool report_record(const WalRecord& record, int major, WalVisitor& visitor) {
  visitor.record(record);
  if ((record.info & special_relation_update) != 0 && !explains_itself(record.resource_manager)) {
    visitor.unexplained_change({record.lsn, record.resource_manager, record.info});
  }
  return report_meaning(record, major, visitor);
}

bool main_data_matters(std::uint8_t resource_manager, std::uint8_t info) {
  const std::uint8_t kind = info & kind_mask;
  switch (resource_manager) {
    case rm::transaction: {
      const std::uint8_t operation = info & xact::operation_mask;
      return operation == xact::commit || operation == xact::abort || operation == xact::commit_prepared ||
             operation == xact::abort_prepared;
    }
    case rm::xlog:
      return kind == xlog::checkpoint_shutdown || kind == xlog::checkpoint_online || kind == xlog::parameter_change ||
             kind == xlog::restore_point || kind == xlog::full_page_writes_change || kind == xlog::end_of_recovery ||
             kind == xlog::overwrite_contrecord || kind == xlog::checkpoint_redo;
    case rm::heap:
      return (info & heap::operation_mask) == heap::truncate;
    case rm::storage:
    case rm::database:
    case rm::tablespace:
      return true;
    default:
      return false;
  }
}

}  // namespace owl::postgres
