#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "cluster/recovery_plan.h"
#include "cluster/restore_scope.h"
#include "repository/blob_reader.h"

namespace owl::cluster {

/// The databases that are named, by the backup's own pg_database; all, where none is named. Throws Error(refused) on a
/// name that it doesn't have, saying which it has; on a cluster with neither page checksums nor wal_log_hints, whose
/// WAL doesn't bring every page that it changes (heapam.c, log_heap_visible), or with full_page_writes off: recovery
/// would end at a hole; and where the WAL to be replayed copies a new database, file by file, from one that is left
/// out.
RestoreScope scope_of_databases(const std::vector<std::string>& names, const RecoveryPlan& plan,
                                repository::BlobReader& reader, std::stop_token stop = {});

/// The same for one database that will have holes itself, so that nothing may be copied from it either.
struct ChosenDatabase {
  postgres::Oid oid = 0;
  RestoreScope scope;
};
ChosenDatabase choose_database(const std::string& name, const RecoveryPlan& plan, repository::BlobReader& reader,
                               std::stop_token stop = {});

}  // namespace owl::cluster
