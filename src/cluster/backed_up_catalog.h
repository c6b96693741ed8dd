#pragma once

#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "cluster/details.h"
#include "postgres/catalog.h"
#include "postgres/wal_event_types.h"
#include "repository/blob_reader.h"
#include "repository/manifest.h"

namespace owl::cluster {

/// A database's catalogues as a backup has them, read from the backed-up pages, so that no server is needed. Rows that
/// were dead already count, too, since it is names and files of the past that are looked for. Needs the private key, by
/// `reader`; keeps references to it and to the manifest. One thread.
class BackedUpCatalog {
 public:
  BackedUpCatalog(const repository::Manifest& manifest, const ClusterDetails& details, repository::BlobReader& reader,
                  postgres::Oid database, std::stop_token stop = {});

  /// False: the database is not in the backup; then it has no relations.
  bool present() const { return !folder_.empty(); }
  const std::vector<postgres::CatalogRelation>& relations() const { return relations_; }
  /// pg_class.oid of all tables, views, sequences … that bore the name: several may have, one after the other.
  std::set<postgres::Oid> find(const std::string& schema, const std::string& name);
  /// Pages of a catalogue, all its files of the time one after the other.
  Bytes pages_of(postgres::Oid catalogue);
  /// pg_filenode.map.
  const Bytes& map() const { return map_; }
  postgres::Oid tablespace() const { return tablespace_; }  ///< the database's own
  std::uint32_t block_size() const { return block_size_; }

 private:
  void find_folder(postgres::Oid database);
  void append(const std::string& path, Bytes& out);

  const repository::Manifest& manifest_;
  repository::BlobReader& reader_;
  const std::uint32_t block_size_;
  std::stop_token stop_;
  std::set<std::string> paths_;  ///< of its folder
  std::string folder_;           ///< "base/5", "pg_tblspc/16390/PG_15_202209061/16391"
  postgres::Oid tablespace_ = 0;
  Bytes map_;
  std::vector<postgres::CatalogRelation> relations_;
};

/// A table as a backup's own catalogue has it.
struct BackedUpTable {
  postgres::Oid oid = 0;
  std::set<postgres::RelationFile> files;  ///< that it had at the time, or shortly before
};
/// Who bore a name when the backup was made. Empty: none did, or the database isn't in the backup.
std::vector<BackedUpTable> find_table(const repository::Manifest& manifest, const ClusterDetails& details,
                                      repository::BlobReader& reader, postgres::Oid database, const std::string& schema,
                                      const std::string& table, std::stop_token stop = {});

}  // namespace owl::cluster
