#include "cluster/path_rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace owl::cluster {
namespace {

using namespace std::string_view_literals;

// What basebackup.c leaves out (excludeDirContents, excludeFiles), and what only ever belongs to a running server.
constexpr std::array empty_folders{"pg_stat_tmp"sv,     "pg_replslot"sv,  "pg_dynshmem"sv, "pg_notify"sv,
                                   "pg_serial"sv,       "pg_snapshots"sv, "pg_subtrans"sv, "pg_wal/archive_status"sv,
                                   "pg_wal/summaries"sv};
constexpr std::array skipped_at_top{"postmaster.pid"sv,      "postmaster.opts"sv,      "backup_label"sv,
                                    "backup_label.old"sv,    "tablespace_map"sv,       "tablespace_map.old"sv,
                                    "backup_manifest"sv,     "recovery.signal"sv,      "standby.signal"sv,
                                    "backup_manifest.tmp"sv, "current_logfiles.tmp"sv, "postgresql.auto.conf.tmp"sv};

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint32_t> to_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!all_digits(text) || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A temporary relation: t<digits>_<relation file name> (fd.c, looks_like_temp_rel_name).
bool is_temporary_relation(std::string_view name) {
  if (name.empty() || name.front() != 't') return false;
  const auto underscore = name.find('_');
  return underscore != name.npos && all_digits(name.substr(1, underscore - 1)) &&
         parse_relation_file_name(name.substr(underscore + 1)).has_value();
}

/// Is this the folder of a database: base/N, global, pg_tblspc/N/PG_…/N?
bool is_database_folder(std::string_view folder) {
  const auto parts = split(folder, '/');
  if (parts.size() == 1) return parts[0] == "global";
  if (parts.size() == 2) return parts[0] == "base" && all_digits(parts[1]);
  return parts.size() == 4 && parts[0] == "pg_tblspc" && all_digits(parts[3]);
}

PathRule rule_for_folder(std::string_view path, std::string_view name) {
  if (name.starts_with("pgsql_tmp")) return PathRule::skip;
  if (std::ranges::find(empty_folders, path) != empty_folders.end()) return PathRule::empty_folder;
  if (path.starts_with("pg_wal/")) return PathRule::skip;
  return PathRule::folder;
}

}  // namespace

std::optional<RelationFileName> parse_relation_file_name(std::string_view name) {
  RelationFileName out{0, "main", 0};
  if (const auto dot = name.rfind('.'); dot != name.npos) {
    const auto segment = to_number(name.substr(dot + 1));
    if (!segment || *segment == 0) return std::nullopt;
    out.segment = *segment;
    name = name.substr(0, dot);
  }
  if (const auto underscore = name.find('_'); underscore != name.npos) {
    out.fork = name.substr(underscore + 1);
    if (out.fork != "fsm" && out.fork != "vm" && out.fork != "init") return std::nullopt;
    name = name.substr(0, underscore);
  }
  const auto relation = to_number(name);
  if (!relation) return std::nullopt;
  out.relation = *relation;
  return out;
}

PathRule rule_for(std::string_view path, bool is_folder) {
  const auto slash = path.rfind('/');
  const auto folder = slash == path.npos ? std::string_view{} : path.substr(0, slash);
  const auto name = slash == path.npos ? path : path.substr(slash + 1);
  if (is_folder) return rule_for_folder(path, name);
  if (folder.empty() && std::ranges::find(skipped_at_top, name) != skipped_at_top.end()) return PathRule::skip;
  if (folder == "pg_wal" || name.starts_with("pgsql_tmp") || name.starts_with("pg_internal.init"))
    return PathRule::skip;
  if (!is_database_folder(folder)) return PathRule::copy;
  if (is_temporary_relation(name)) return PathRule::skip;
  return parse_relation_file_name(name) ? PathRule::relation : PathRule::copy;
}

}  // namespace owl::cluster
