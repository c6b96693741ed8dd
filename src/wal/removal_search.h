#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "wal/carry_glue.h"
#include "wal/segment_events.h"
#include "wal/wal_object.h"

namespace owl::wal {

/// A moment at which something of a table went, and where to stop to be just before it.
struct Removal {
  enum class Kind {
    dropped,       ///< DROP TABLE, or whatever drops it along
    replaced,      ///< its file by another: TRUNCATE, or a rewrite (VACUUM FULL, CLUSTER, ALTER TABLE …)
    truncated,     ///< TRUNCATE, told by name (wal_level = logical)
    emptied,       ///< cut to nothing in place: TRUNCATE of a table of the same transaction
    rows_deleted,  ///< many rows by one transaction
    database_dropped,
  };
  Kind kind = Kind::dropped;
  postgres::Lsn stop_before;  ///< the commit's record; of deleted rows, the first one's
  postgres::TransactionId xid = 0;
  std::optional<Timestamp> time =
      {};  ///< of the commit; of deleted rows that of the last commit before, where it is known
  std::vector<postgres::RelationFile> files = {};
  std::vector<postgres::Oid> tables = {};  ///< pg_class.oid of all tables and indexes that went; 15 and later
  std::uint64_t rows = 0;
  bool certain = true;  ///< false: reached over a rewrite that replaced several files, of which one was guessed

  friend bool operator==(const Removal&, const Removal&) = default;
};
std::string to_text(Removal::Kind kind);

/// Looks through what segments tell (SegmentEvents) for the moments at which a table went. Segments are added in the
/// order of the WAL; where some are missing, what lies in them isn't found.
class RemovalSearch {
 public:
  void add(const WalInfo::Segment& segment);
  std::uint64_t segments_without_events() const { return without_events_; }

  struct Wanted {
    postgres::Oid database = 0;
    std::optional<postgres::Oid> table = {};      ///< pg_class.oid
    std::set<postgres::RelationFile> files = {};  ///< which it has or had; more are found on the way
    std::uint64_t least_rows = 1000;              ///< fewer deleted rows are no removal
  };
  /// In the order of the WAL.
  std::vector<Removal> removals_of(Wanted wanted) const;
  /// Every commit that dropped or replaced relations of a database: for tables that nobody knows by name any more.
  std::vector<Removal> all_of(postgres::Oid database) const;

 private:
  struct Transaction {
    const SegmentEvents::Commit* commit;
    std::vector<postgres::RelationFile> created, dropped;  ///< of one database
  };
  void add_events(SegmentEvents events);
  Transaction transaction_of(const SegmentEvents::Commit& commit, postgres::Oid database) const;
  std::map<postgres::RelationFile, bool> trace_files(const Wanted& wanted) const;
  void find_commits(const Wanted& wanted, const std::map<postgres::RelationFile, bool>& files,
                    std::vector<Removal>& out) const;
  void find_deletes(const Wanted& wanted, const std::map<postgres::RelationFile, bool>& files,
                    std::vector<Removal>& out) const;

  SegmentEvents all_;
  std::unordered_multimap<postgres::TransactionId, std::size_t> creates_of_;  ///< by xid, into all_.creates
  CarryGlue glue_;
  std::uint64_t without_events_ = 0;
};

}  // namespace owl::wal
