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

  std::vector<Kept> records;
  std::vector<TransactionEnd> ends;
  std::vector<TablespaceCreate> tablespaces;
  std::vector<ParameterChange> changes;
  std::vector<WalLevelNote> levels;
  std::vector<RestorePoint> points;
};

}  // namespace owl::postgres
