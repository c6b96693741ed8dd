#include "cluster/restore_scope.h"

#include <charconv>

#include "base/text.h"
#include "cluster/path_rules.h"

namespace owl::cluster {
namespace {

using postgres::Oid;

Oid to_oid(std::string_view text) {
  Oid oid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), oid);
  return error == std::errc{} && end == text.data() + text.size() ? oid : 0;
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Oid database_of_path(std::string_view path) {
  const auto parts = split(path, '/');
  if (parts.size() == 3 && parts[0] == "base") return to_oid(parts[1]);
  if (parts.size() == 5 && parts[0] == "pg_tblspc") return to_oid(parts[3]);
  return 0;
}

RestoreScope::RestoreScope(std::vector<postgres::CatalogName> databases_left_out)
    : left_out_(std::move(databases_left_out)) {
  for (const auto& database : left_out_) left_out_oids_.insert(database.oid);
}

void RestoreScope::keep_only(Oid database, std::set<Oid> files) {
  kept_files_[database] = std::move(files);
}

bool RestoreScope::wants(std::string_view path) const {
  if (left_out_oids_.empty() && kept_files_.empty()) return true;
  const auto name = file_name(path);
  const auto database = database_of_path(path);
  if (database == 0 || name == "PG_VERSION") return true;
  if (left_out_oids_.contains(database)) return false;
  const auto kept = kept_files_.find(database);
  const auto relation = parse_relation_file_name(name);
  return kept == kept_files_.end() || !relation || kept->second.contains(relation->relation);
}

}  // namespace owl::cluster
