#pragma once

#include <array>
#include <unordered_map>
#include <vector>

#include "postgres/wal_record.h"
#include "wal/change_map.h"

namespace owl::wal {

/// Gathers what records change while a walk goes over them, or out of maps that exist. Only ever adds.
class ChangeCollector final : public postgres::WalVisitor {
 public:
  void record(const postgres::WalRecord& record) override;
  void transaction_end(const postgres::TransactionEnd& end) override;
  void tablespace_drop(const postgres::TablespaceDrop& dropped) override;
  void parameter_change(const postgres::ParameterChange& change) override;
  void wal_level(const postgres::WalLevelNote& note) override;
  void full_page_writes(const postgres::FullPageWritesNote& note) override;
  void relation_create(const postgres::RelationCreate& created) override;
  void relation_truncate(const postgres::RelationTruncate& cut) override;
  void database_create(const postgres::DatabaseCreate& created) override;
  void database_drop(const postgres::DatabaseDrop& dropped) override;
  void unexplained_change(const postgres::UnexplainedChange& change) override;

  void add(const ChangedBlocks& changes);
  void add_poison(Poison poison) { poison_.push_back(poison); }

  ChangedBlocks take_changes();
  const std::vector<Poison>& poison() const { return poison_; }
  postgres::Lsn full_page_writes_off() const { return full_page_writes_off_; }

 private:
  struct Relation {
    BlockCollector blocks;
    std::optional<postgres::BlockNumber> limit;
  };
  struct HashFile {
    std::size_t operator()(const postgres::RelationFile& file) const;
  };

  Relation& relation(const postgres::RelationFile& file);
  void lower_limit(const postgres::RelationFile& file, postgres::BlockNumber limit);
  void note_wal_level(postgres::Lsn lsn, std::int32_t level);

  std::unordered_map<postgres::RelationFile, Relation, HashFile> relations_;
  /// Those looked up last, by their number: a few relations take turns in most stretches of WAL.
  struct Recent {
    postgres::RelationFile file;
    Relation* at = nullptr;
  };
  std::array<Recent, 16> recent_;
  std::set<std::pair<postgres::Oid, postgres::Oid>> databases_;
  std::set<postgres::Oid> tablespaces_;
  std::vector<Poison> poison_;
  postgres::Lsn full_page_writes_off_;
};

}  // namespace owl::wal
