#pragma once

#include <compare>
#include <stop_token>
#include <string>
#include <vector>

#include "cluster/recovery_plan.h"
#include "cluster/restore_scope.h"
#include "repository/blob_reader.h"

namespace owl::cluster {

struct TableName {
  std::string schema, table;

  friend auto operator<=>(const TableName&, const TableName&) = default;
};

/// What a scratch server needs for some tables of one database: the shared catalogues, that database's own with all
/// that initdb made but large objects, and of its other relations the tables with their children (partitions), TOAST
/// tables, indexes and sequences. All else are holes that recovery fills only where it writes whole pages. A table that
/// the backup doesn't have is no error: WAL may make it later. Throws Error(refused) as scope_of_databases does, and
/// where the WAL to be replayed makes any database file by file out of one with holes.
RestoreScope scope_of_tables(const std::string& database, const std::vector<TableName>& tables,
                             const RecoveryPlan& plan, repository::BlobReader& reader, std::stop_token stop = {});

}  // namespace owl::cluster
