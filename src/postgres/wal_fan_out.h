#pragma once

#include <vector>

#include "postgres/wal_record.h"

namespace owl::postgres {

/// Tells several visitors what one walk meets, in the order in which they were added; they outlive it.
class WalFanOut final : public WalVisitor {
 public:
  void add(WalVisitor& visitor) { visitors_.push_back(&visitor); }

  void record(const WalRecord& e) override { tell(&WalVisitor::record, e); }
  void transaction_end(const TransactionEnd& e) override { tell(&WalVisitor::transaction_end, e); }
  void tablespace_create(const TablespaceCreate& e) override { tell(&WalVisitor::tablespace_create, e); }
  void tablespace_drop(const TablespaceDrop& e) override { tell(&WalVisitor::tablespace_drop, e); }
  void parameter_change(const ParameterChange& e) override { tell(&WalVisitor::parameter_change, e); }
  void wal_level(const WalLevelNote& e) override { tell(&WalVisitor::wal_level, e); }
  void full_page_writes(const FullPageWritesNote& e) override { tell(&WalVisitor::full_page_writes, e); }
  void restore_point(const RestorePoint& e) override { tell(&WalVisitor::restore_point, e); }
  void overwritten_record(const OverwrittenRecord& e) override { tell(&WalVisitor::overwritten_record, e); }
  void relation_create(const RelationCreate& e) override { tell(&WalVisitor::relation_create, e); }
  void relation_truncate(const RelationTruncate& e) override { tell(&WalVisitor::relation_truncate, e); }
  void database_create(const DatabaseCreate& e) override { tell(&WalVisitor::database_create, e); }
  void database_drop(const DatabaseDrop& e) override { tell(&WalVisitor::database_drop, e); }
  void table_truncate(const TableTruncate& e) override { tell(&WalVisitor::table_truncate, e); }
  void unexplained_change(const UnexplainedChange& e) override { tell(&WalVisitor::unexplained_change, e); }

 private:
  template <typename Event>
  void tell(void (WalVisitor::*what)(const Event&), const Event& event) {
    for (auto* const visitor : visitors_) (visitor->*what)(event);
  }

  std::vector<WalVisitor*> visitors_;
};

}  // namespace owl::postgres
