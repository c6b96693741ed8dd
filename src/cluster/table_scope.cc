#include "cluster/table_scope.h"

#include <algorithm>
#include <set>

#include "cluster/backed_up_catalog.h"
#include "cluster/database_scope.h"

namespace owl::cluster {
namespace {

using postgres::CatalogPair;
using postgres::Oid;

/// Adds what belongs to any of them by these pairs, and what belongs to that.
void add_of(const std::vector<CatalogPair>& pairs, std::set<Oid>& oids) {
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& pair : pairs) {
      if (oids.contains(pair.of)) grew = oids.insert(pair.relation).second || grew;
    }
  }
}

void add_toast(const BackedUpCatalog& catalog, std::set<Oid>& oids) {
  for (const auto& relation : catalog.relations()) {
    if (relation.toast != 0 && oids.contains(relation.oid)) oids.insert(relation.toast);
  }
}

std::set<Oid> relations_of(BackedUpCatalog& catalog, const std::vector<TableName>& tables) {
  std::set<Oid> oids;
  for (const auto& name : tables) oids.merge(catalog.find(name.schema, name.table));
  const auto size = catalog.block_size();
  add_of(postgres::read_pg_inherits(catalog.pages_of(postgres::pg_inherits_oid), size), oids);
  add_toast(catalog, oids);
  add_of(postgres::read_pg_index(catalog.pages_of(postgres::pg_index_oid), size), oids);
  add_of(postgres::read_owned_sequences(catalog.pages_of(postgres::pg_depend_oid), size), oids);
  return oids;
}

bool is_of_the_system(const postgres::CatalogRelation& relation) {
  return relation.oid < postgres::first_normal_oid && relation.oid != postgres::pg_largeobject_oid;
}

}  // namespace

RestoreScope scope_of_tables(const std::string& database, const std::vector<TableName>& tables,
                             const RecoveryPlan& plan, repository::BlobReader& reader, std::stop_token stop) {
  const auto& manifest = plan.base.loaded.manifest;
  const auto chosen = choose_database(database, plan, reader, stop);
  BackedUpCatalog catalog(manifest, plan.base.details, reader, chosen.oid, stop);
  const auto wanted = relations_of(catalog, tables);
  std::set<Oid> files;
  for (const auto file : postgres::mapped_files(catalog.map())) files.insert(file);
  for (const auto& relation : catalog.relations()) {
    if (is_of_the_system(relation) || wanted.contains(relation.oid)) files.insert(relation.file);
  }
  auto scope = chosen.scope;
  scope.keep_only(chosen.oid, std::move(files));
  return scope;
}

}  // namespace owl::cluster
