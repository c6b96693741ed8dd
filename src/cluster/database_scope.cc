#include "cluster/database_scope.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "cluster/restore_tree.h"

namespace owl::cluster {
namespace {

using postgres::Oid;

/// Those that have files. A name that a database bore before is told only where it bears no other now.
std::vector<postgres::CatalogName> databases_of(const repository::Manifest& manifest, repository::BlobReader& reader,
                                                std::uint32_t block_size, const std::stop_token& stop) {
  std::set<Oid> present;
  const auto listed = load_tree(
      manifest, reader, [](const FileEntry&) { return false; }, stop);
  for (const auto& file : listed.files) {
    if (const auto oid = database_of_path(file.path); oid != 0) present.insert(oid);
  }
  const auto map = read_file_of(manifest, reader, "global/pg_filenode.map", stop);
  const auto file = postgres::mapped_file(map, postgres::pg_database_oid);
  if (!file) throw Error(ErrorKind::integrity, "global/pg_filenode.map names no pg_database");
  const auto pages = read_file_of(manifest, reader, fmt::format("global/{}", *file), stop);
  std::map<Oid, postgres::CatalogName> by_oid;
  for (auto& database : postgres::read_catalog_names(pages, block_size)) {
    if (!present.contains(database.oid)) continue;
    auto& known = by_oid[database.oid];
    if (known.oid == 0 || database.live) known = std::move(database);
  }
  std::vector<postgres::CatalogName> out;
  for (auto& [oid, database] : by_oid) out.push_back(std::move(database));
  std::ranges::sort(out, {}, &postgres::CatalogName::name);
  return out;
}

bool is_on(const ClusterDetails& details, const std::string& setting, bool by_default) {
  const auto found = std::ranges::find(details.settings, setting, &postgres::Setting::name);
  return found == details.settings.end() ? by_default : found->value == "on";
}

/// Every page that WAL changes must be brought by it whole, once, for pages that are left out to be ones it may change.
void require_whole_pages(const ClusterDetails& details) {
  constexpr auto hint = "Restore the whole cluster, without --database. Nothing was changed.";
  if (!is_on(details, "full_page_writes", true)) {
    throw Error(ErrorKind::refused,
                "--database: full_page_writes was off, so that recovery needs the pages of every database")
        .with_hint(hint);
  }
  if (details.checksums || is_on(details, "wal_log_hints", false)) return;
  throw Error(
      ErrorKind::refused,
      "--database: the cluster has neither page checksums nor wal_log_hints, so that recovery may need pages of "
      "databases that are left out")
      .with_hint(hint);
}

void require_sources(const RecoveryPlan& plan, const std::set<Oid>& left_out) {
  for (const auto& created : plan.databases_created) {
    if (!created.file_copy || !left_out.contains(created.source_database) || left_out.contains(created.database))
      continue;
    throw Error(
        ErrorKind::refused,
        fmt::format("--database: at LSN {} the WAL copies a new database from one that would be left out (oid {})",
                    postgres::to_text(created.lsn), created.source_database))
        .with_hint("Name its template with --database, too, or choose a target before that. Nothing was changed.");
  }
}

std::string names_of(const std::vector<postgres::CatalogName>& databases) {
  std::vector<std::string> names;
  for (const auto& database : databases) names.push_back(database.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::vector<postgres::CatalogName> known_databases(const std::vector<std::string>& wanted, const RecoveryPlan& plan,
                                                   repository::BlobReader& reader, const std::stop_token& stop) {
  auto databases = databases_of(plan.base.loaded.manifest, reader, plan.base.details.block_size, stop);
  for (const auto& name : wanted) {
    if (std::ranges::find(databases, name, &postgres::CatalogName::name) != databases.end()) continue;
    throw Error(ErrorKind::refused,
                fmt::format("--database: the backup has no database {}; it has {}", name, names_of(databases)))
        .with_hint("A database that was created later comes with every restore. Nothing was changed.");
  }
  return databases;
}

/// What initdb made is never left out.
std::vector<postgres::CatalogName> left_out_of(const std::vector<postgres::CatalogName>& databases,
                                               const std::vector<std::string>& wanted) {
  std::vector<postgres::CatalogName> out;
  for (const auto& database : databases) {
    const bool is_wanted = std::ranges::find(wanted, database.name) != wanted.end();
    if (database.oid >= postgres::first_normal_oid && !is_wanted) out.push_back(database);
  }
  return out;
}

std::set<Oid> oids_of(const std::vector<postgres::CatalogName>& databases) {
  std::set<Oid> oids;
  for (const auto& database : databases) oids.insert(database.oid);
  return oids;
}

}  // namespace

RestoreScope scope_of_databases(const std::vector<std::string>& names, const RecoveryPlan& plan,
                                repository::BlobReader& reader, std::stop_token stop) {
  if (names.empty()) return {};
  require_whole_pages(plan.base.details);
  auto left_out = left_out_of(known_databases(names, plan, reader, stop), names);
  require_sources(plan, oids_of(left_out));
  return RestoreScope(std::move(left_out));
}

ChosenDatabase choose_database(const std::string& name, const RecoveryPlan& plan, repository::BlobReader& reader,
                               std::stop_token stop) {
  require_whole_pages(plan.base.details);
  const auto databases = known_databases({name}, plan, reader, stop);
  const auto chosen = std::ranges::find(databases, name, &postgres::CatalogName::name);
  auto left_out = left_out_of(databases, {name});
  auto sources = oids_of(left_out);
  sources.insert(chosen->oid);
  require_sources(plan, sources);
  return {chosen->oid, RestoreScope(std::move(left_out))};
}

}  // namespace owl::cluster
