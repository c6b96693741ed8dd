#pragma once

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "postgres/catalog.h"

namespace owl::cluster {

/// What part of a cluster a restore brings back: all of it, some databases, or some tables of one. Files outside of it
/// are there with their length, for recovery wants to find them, but are holes. Nobody can connect to a database that
/// is left out, for its map of catalogues is empty, too. What every cluster needs (the shared catalogues, template0,
/// template1, postgres, whatever initdb made) is always real.
class RestoreScope {
 public:
  /// The whole cluster.
  RestoreScope() = default;
  explicit RestoreScope(std::vector<postgres::CatalogName> databases_left_out);
  /// Of that database's relations only those with these files (relfilenodes).
  void keep_only(postgres::Oid database, std::set<postgres::Oid> files);

  /// By a file's path in the data directory: are its bytes restored?
  bool wants(std::string_view path) const;
  /// Databases, ascending by name.
  const std::vector<postgres::CatalogName>& left_out() const { return left_out_; }

 private:
  std::vector<postgres::CatalogName> left_out_;
  std::set<postgres::Oid> left_out_oids_;
  std::map<postgres::Oid, std::set<postgres::Oid>> kept_files_;  ///< by database
};

/// In whose folder a file lies: base/OID/FILE, pg_tblspc/OID/PG_…/OID/FILE. 0: in none's.
postgres::Oid database_of_path(std::string_view path);

}  // namespace owl::cluster
