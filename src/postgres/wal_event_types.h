#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "postgres/types.h"

// What records mean beyond the pages that they name. Each event tells the LSN of its record.

namespace owl::postgres {

/// A relation's file, as WAL names it: pg_class.relfilenode in its tablespace and database; database 0 is `global`.
struct RelationFile {
  Oid tablespace = 0, database = 0, relation = 0;

  friend auto operator<=>(const RelationFile&, const RelationFile&) = default;
};
/// "1663/5/16384", as PostgreSQL's own tools print it.
std::string to_text(const RelationFile& file);
Result<RelationFile> parse_relation_file(std::string_view text);

/// Statistics that end with an object (15 and later): a dropped table's pg_class.oid, which its file's number isn't.
struct DroppedStatistics {
  static constexpr std::uint32_t of_relation = 2;  ///< PGSTAT_KIND_RELATION

  std::uint32_t kind = 0;
  Oid database = 0;
  std::uint64_t object = 0;

  friend auto operator<=>(const DroppedStatistics&, const DroppedStatistics&) = default;
};

/// One end of a transaction: COMMIT, ABORT and their PREPARED forms. What recovery_target_time looks at.
struct TransactionEnd {
  Lsn lsn, end;
  TransactionId xid = 0;  ///< of the prepared transaction where it is one's end
  Timestamp time;
  bool commit = false;
  bool prepared = false;
  std::vector<TransactionId> subtransactions = {};
  std::vector<RelationFile> dropped = {};  ///< files that cease with it: dropped ones, or, when aborted, new ones
  std::vector<DroppedStatistics> dropped_statistics = {};
};

struct TablespaceCreate {
  Lsn lsn;
  Oid oid = 0;
  std::string path;
};
struct TablespaceDrop {
  Lsn lsn;
  Oid oid = 0;
};
struct ParameterChange {
  Lsn lsn;
  std::int32_t wal_level = 0, max_connections = 0, max_worker_processes = 0, max_wal_senders = 0,
               max_prepared_transactions = 0, max_locks_per_transaction = 0;
};
/// wal_level as 17 and later write it into CHECKPOINT_SHUTDOWN, CHECKPOINT_ONLINE, CHECKPOINT_REDO and END_OF_RECOVERY.
struct WalLevelNote {
  static constexpr std::int32_t minimal = 0, replica = 1, logical = 2;

  Lsn lsn;
  std::int32_t wal_level = 0;
};
/// full_page_writes as a checkpoint, or a change of the setting, tells it.
struct FullPageWritesNote {
  Lsn lsn;
  bool on = true;
};
struct RestorePoint {
  Lsn lsn, end;
  Timestamp time;
  std::string name;
};
/// The record that began at `overwritten` was cut off by a crash and given up.
struct OverwrittenRecord {
  Lsn lsn, overwritten;
  Timestamp time;
};

/// A fork of a relation's file begins empty.
struct RelationCreate {
  Lsn lsn;
  TransactionId xid = 0;
  RelationFile file = {};
  std::uint32_t fork = 0;
};
/// A relation's file is cut to `blocks`, where `flags` say so for its main fork.
struct RelationTruncate {
  static constexpr std::uint32_t heap = 1, visibility_map = 2, free_space_map = 4;

  Lsn lsn;
  TransactionId xid = 0;
  RelationFile file = {};
  BlockNumber blocks = 0;
  std::uint32_t flags = 0;
};
/// A database's folder in one tablespace begins: as a copy of files that no record names, or empty (15 and later:
/// WAL_LOG, whose relations follow page by page).
struct DatabaseCreate {
  Lsn lsn;
  TransactionId xid = 0;
  Oid database = 0, tablespace = 0;
  bool file_copy = false;
  Oid source_database = 0, source_tablespace = 0;  ///< with file_copy
};
struct DatabaseDrop {
  Lsn lsn;
  TransactionId xid = 0;
  Oid database = 0;
  std::vector<Oid> tablespaces = {};
};
/// TRUNCATE as wal_level=logical tells it; `tables` are pg_class.oid. What happens to files comes in other records.
struct TableTruncate {
  Lsn lsn;
  TransactionId xid = 0;
  Oid database = 0;
  std::vector<Oid> tables = {};
};
/// The record says that it changes relations beside those that it names (XLR_SPECIAL_REL_UPDATE), or is of a kind that
/// may, and nothing is known of how.
struct UnexplainedChange {
  Lsn lsn;
  std::uint8_t resource_manager = 0, info = 0;
};

}  // namespace owl::postgres
