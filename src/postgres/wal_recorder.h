#pragma once

#include <string>
#include <vector>

#include "postgres/wal_record.h"

namespace owl::postgres {

/// Keeps all that a walk tells, for tests.
struct WalRecorder final : WalVisitor {
  struct Kept {
    WalRecord head;  ///< its views are empty
    Bytes main_data;
    std::vector<BlockReference> blocks;
  };
  void record(const WalRecord& record) override {
    records.push_back({record, to_bytes(record.main_data), {record.blocks.begin(), record.blocks.end()}});
    records.back().head.main_data = {};
    records.back().head.blocks = {};
  }
  void transaction_end(const TransactionEnd& end) override { ends.push_back(end); }
  void tablespace_create(const TablespaceCreate& created) override { tablespaces.push_back(created); }
  void parameter_change(const ParameterChange& change) override { changes.push_back(change); }
  void wal_level(const WalLevelNote& note) override { levels.push_back(note); }
  void restore_point(const RestorePoint& point) override { points.push_back(point); }

  void tablespace_drop(const TablespaceDrop& dropped) override { tablespace_drops.push_back(dropped); }
  void full_page_writes(const FullPageWritesNote& note) override { page_writes.push_back(note); }
  void overwritten_record(const OverwrittenRecord& record) override { overwritten.push_back(record); }
  void relation_create(const RelationCreate& created) override { creates.push_back(created); }
  void relation_truncate(const RelationTruncate& cut) override { truncates.push_back(cut); }
  void database_create(const DatabaseCreate& created) override { database_creates.push_back(created); }
  void database_drop(const DatabaseDrop& dropped) override { database_drops.push_back(dropped); }
  void table_truncate(const TableTruncate& cut) override { table_truncates.push_back(cut); }
  void unexplained_change(const UnexplainedChange& change) override { unexplained.push_back(change); }

  std::vector<Kept> records;
  std::vector<TransactionEnd> ends;
  std::vector<TablespaceCreate> tablespaces;
  std::vector<ParameterChange> changes;
  std::vector<WalLevelNote> levels;
  std::vector<RestorePoint> points;
  std::vector<TablespaceDrop> tablespace_drops;
  std::vector<FullPageWritesNote> page_writes;
  std::vector<OverwrittenRecord> overwritten;
  std::vector<RelationCreate> creates;
  std::vector<RelationTruncate> truncates;
  std::vector<DatabaseCreate> database_creates;
  std::vector<DatabaseDrop> database_drops;
  std::vector<TableTruncate> table_truncates;
  std::vector<UnexplainedChange> unexplained;
};

}  // namespace owl::postgres
