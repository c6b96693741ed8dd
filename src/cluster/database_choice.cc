#include "cluster/database_choice.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/text.h"
#include "cluster/restore_tree.h"

namespace owl::cluster {
namespace {

using postgres::Oid;

constexpr Oid first_normal_oid = 16384;  // FirstNormalObjectId, access/transam.h

std::optional<Oid> to_oid(std::string_view text) {
  Oid oid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), oid);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return oid;
}

/// In whose folder a file lies: base/OID/FILE, pg_tblspc/OID/PG_…/OID/FILE.
std::optional<Oid> database_of(std::string_view path) {
  const auto parts = split(path, '/');
  if (parts.size() == 3 && parts[0] == "base") return to_oid(parts[1]);
  if (parts.size() == 5 && parts[0] == "pg_tblspc") return to_oid(parts[3]);
  return std::nullopt;
}

/// What every version of a database's folder is known by, and is three bytes long.
bool is_version_file(std::string_view path) {
  return path.ends_with("/PG_VERSION");
}

/// Those that have files. A name that a database bore before is told only where it bears no other now.
std::vector<postgres::CatalogName> databases_of(const repository::Manifest& manifest, repository::BlobReader& reader,
                                                std::uint32_t block_size, const std::stop_token& stop) {
  std::set<Oid> present;
  const auto listed = load_tree(
      manifest, reader, [](const FileEntry&) { return false; }, stop);
  for (const auto& file : listed.files) {
    if (const auto oid = database_of(file.path)) present.insert(*oid);
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

}  // namespace

bool DatabaseChoice::wants(std::string_view path) const {
  if (left_out_oids_.empty() || is_version_file(path)) return true;
  const auto database = database_of(path);
  return !database || !left_out_oids_.contains(*database);
}

DatabaseChoice choose_databases(const std::vector<std::string>& names, const RecoveryPlan& plan,
                                repository::BlobReader& reader, std::stop_token stop) {
  DatabaseChoice choice;
  if (names.empty()) return choice;
  const auto& details = plan.base.details;
  require_whole_pages(details);
  const auto databases = databases_of(plan.base.loaded.manifest, reader, details.block_size, stop);
  for (const auto& name : names) {
    if (std::ranges::find(databases, name, &postgres::CatalogName::name) != databases.end()) continue;
    throw Error(ErrorKind::refused,
                fmt::format("--database: the backup has no database {}; it has {}", name, names_of(databases)))
        .with_hint("A database that was created later comes with every restore. Nothing was changed.");
  }
  for (const auto& database : databases) {
    if (database.oid < first_normal_oid || std::ranges::find(names, database.name) != names.end()) continue;
    choice.left_out_.push_back(database);
    choice.left_out_oids_.insert(database.oid);
  }
  require_sources(plan, choice.left_out_oids_);
  return choice;
}

}  // namespace owl::cluster
