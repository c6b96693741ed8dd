#pragma once

#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "cluster/details.h"
#include "postgres/wal_event_types.h"
#include "repository/blob_reader.h"
#include "repository/manifest.h"

namespace owl::cluster {

/// A table as a backup's own catalogue has it.
struct BackedUpTable {
  postgres::Oid oid = 0;
  std::set<postgres::RelationFile> files;  ///< that it had at the time, or shortly before
};

/// Who bore a name when the backup was made: read from the backed-up pages of pg_class and pg_namespace, so no server
/// is needed. Rows that were dead already count, too: several tables may have borne it one after the other. Empty: none
/// did, or the database isn't in the backup. Needs the private key, by `reader`.
std::vector<BackedUpTable> find_table(const repository::Manifest& manifest, const ClusterDetails& details,
                                      repository::BlobReader& reader, postgres::Oid database, const std::string& schema,
                                      const std::string& table, std::stop_token stop = {});

}  // namespace owl::cluster
