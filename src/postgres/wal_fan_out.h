#pragma once

#include <tuple>

#include "postgres/wal_record.h"

namespace owl::postgres {

/// Tells several visitors what one walk meets, in the order in which they are given; they outlive it. Of classes that
/// are final the calls are direct ones, which counts: there is one for each visitor and record.
template <typename... Visitors>
class WalFanOut final : public WalVisitor {
 public:
  explicit WalFanOut(Visitors&... visitors) : visitors_(visitors...) {}

  void record(const WalRecord& e) override {
    tell([&](auto& visitor) { visitor.record(e); });
  }
  void transaction_end(const TransactionEnd& e) override {
    tell([&](auto& visitor) { visitor.transaction_end(e); });
  }
  void tablespace_create(const TablespaceCreate& e) override {
    tell([&](auto& visitor) { visitor.tablespace_create(e); });
  }
  void tablespace_drop(const TablespaceDrop& e) override {
    tell([&](auto& visitor) { visitor.tablespace_drop(e); });
  }
  void parameter_change(const ParameterChange& e) override {
    tell([&](auto& visitor) { visitor.parameter_change(e); });
  }
  void wal_level(const WalLevelNote& e) override {
    tell([&](auto& visitor) { visitor.wal_level(e); });
  }
  void full_page_writes(const FullPageWritesNote& e) override {
    tell([&](auto& visitor) { visitor.full_page_writes(e); });
  }
  void restore_point(const RestorePoint& e) override {
    tell([&](auto& visitor) { visitor.restore_point(e); });
  }
  void overwritten_record(const OverwrittenRecord& e) override {
    tell([&](auto& visitor) { visitor.overwritten_record(e); });
  }
  void relation_create(const RelationCreate& e) override {
    tell([&](auto& visitor) { visitor.relation_create(e); });
  }
  void relation_truncate(const RelationTruncate& e) override {
    tell([&](auto& visitor) { visitor.relation_truncate(e); });
  }
  void database_create(const DatabaseCreate& e) override {
    tell([&](auto& visitor) { visitor.database_create(e); });
  }
  void database_drop(const DatabaseDrop& e) override {
    tell([&](auto& visitor) { visitor.database_drop(e); });
  }
  void table_truncate(const TableTruncate& e) override {
    tell([&](auto& visitor) { visitor.table_truncate(e); });
  }
  void unexplained_change(const UnexplainedChange& e) override {
    tell([&](auto& visitor) { visitor.unexplained_change(e); });
  }

 private:
  template <typename Tell>
  void tell(Tell what) {
    std::apply([&](auto&... visitor) { (what(visitor), ...); }, visitors_);
  }

  std::tuple<Visitors&...> visitors_;
};

}  // namespace owl::postgres
