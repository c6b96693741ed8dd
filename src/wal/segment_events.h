#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "base/binary.h"
#include "postgres/wal_record.h"

namespace owl::wal {

/// What a segment tells of tables that went, for people who look for the moment before: relations dropped or replaced
/// by a commit, what was created (a TRUNCATE or rewrite drops one file and creates another), and transactions that
/// deleted many rows.
struct SegmentEvents {
  struct Commit {  ///< one that dropped relations
    postgres::Lsn lsn;
    postgres::TransactionId xid = 0;
    Timestamp time;
    bool prepared = false;
    std::vector<postgres::TransactionId> subtransactions;
    std::vector<postgres::RelationFile> files;
    std::vector<std::pair<postgres::Oid, postgres::Oid>> tables;  ///< (database, pg_class.oid); 15 and later
  };
  struct Create {
    postgres::Lsn lsn;
    postgres::TransactionId xid = 0;
    postgres::RelationFile file;
  };
  struct Truncate {  ///< a file was cut in place
    postgres::Lsn lsn;
    postgres::TransactionId xid = 0;
    postgres::RelationFile file;
    postgres::BlockNumber blocks = 0;
  };
  struct Deletes {
    postgres::RelationFile file;
    postgres::TransactionId xid = 0;
    std::uint64_t rows = 0;
    postgres::Lsn first = {}, last = {};
    Timestamp before = {};  ///< of the last transaction that ended here before the first row went; 0: none
  };

  std::vector<Commit> commits;
  std::vector<Create> creates;
  std::vector<Truncate> truncates;
  std::vector<postgres::TableTruncate> table_truncates;
  std::vector<Deletes> deletes;  ///< of `least_deletes` rows or more
  std::vector<postgres::DatabaseDrop> database_drops;
  std::vector<postgres::DatabaseCreate> database_creates;
  std::vector<postgres::TablespaceDrop> tablespace_drops;
  std::map<std::uint8_t, std::uint64_t> records;            ///< how many of each resource manager
  postgres::TransactionId least_xid = 0, greatest_xid = 0;  ///< of all records that have one; they may wrap around

  static constexpr std::uint64_t least_deletes = 100;
};

/// docs/format.md, tag 9.
void write_events(const SegmentEvents& events, BinaryWriter& out);
void read_events(BinaryReader& in, SegmentEvents& events);

/// Notes them while a walk goes over the records.
class EventCollector final : public postgres::WalVisitor {
 public:
  void record(const postgres::WalRecord& record) override;
  void transaction_end(const postgres::TransactionEnd& end) override;
  void relation_create(const postgres::RelationCreate& created) override;
  void relation_truncate(const postgres::RelationTruncate& cut) override;
  void table_truncate(const postgres::TableTruncate& cut) override { out_.table_truncates.push_back(cut); }
  void database_drop(const postgres::DatabaseDrop& dropped) override { out_.database_drops.push_back(dropped); }
  void database_create(const postgres::DatabaseCreate& made) override { out_.database_creates.push_back(made); }
  void tablespace_drop(const postgres::TablespaceDrop& dropped) override { out_.tablespace_drops.push_back(dropped); }

  SegmentEvents take();

 private:
  void count_delete(const postgres::WalRecord& record);
  void widen_xids(postgres::TransactionId xid);

  SegmentEvents out_;
  std::array<std::uint64_t, 256> records_{};
  struct HashDeletes {
    std::size_t operator()(const std::pair<postgres::RelationFile, postgres::TransactionId>& key) const;
  };
  std::unordered_map<std::pair<postgres::RelationFile, postgres::TransactionId>, SegmentEvents::Deletes, HashDeletes>
      deletes_;
  SegmentEvents::Deletes* latest_ = nullptr;
  Timestamp last_end_;
};

}  // namespace owl::wal
