#pragma once

#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/recovery_plan.h"
#include "postgres/catalog.h"
#include "repository/blob_reader.h"

namespace owl::cluster {

/// Which databases a restore brings back. The files of the others are there with their length, but are holes: recovery
/// needs them to exist, and nobody can connect to such a database, for its map of catalogues is empty, too. What every
/// cluster needs (template0, template1, postgres, whatever initdb made) is always real.
class DatabaseChoice {
 public:
  /// All of them.
  DatabaseChoice() = default;

  /// By a file's path in the data directory: are its bytes restored?
  bool wants(std::string_view path) const;
  /// Ascending by name.
  const std::vector<postgres::CatalogName>& left_out() const { return left_out_; }

 private:
  friend DatabaseChoice choose_databases(const std::vector<std::string>& names, const RecoveryPlan& plan,
                                         repository::BlobReader& reader, std::stop_token stop);
  std::vector<postgres::CatalogName> left_out_;
  std::set<postgres::Oid> left_out_oids_;
};

/// By the backup's own pg_database. Throws Error(refused) on a name that it doesn't have, saying which it has; on a
/// cluster with neither page checksums nor wal_log_hints, whose WAL doesn't bring every page that it changes (heapam.c,
/// log_heap_visible), or with full_page_writes off: recovery would end at a hole; and where the WAL to be replayed
/// copies a new database, file by file, from one that is left out.
DatabaseChoice choose_databases(const std::vector<std::string>& names, const RecoveryPlan& plan,
                                repository::BlobReader& reader, std::stop_token stop = {});

}  // namespace owl::cluster
