#include "cluster/target_paths.h"

#include <fmt/core.h>

#include <set>

namespace owl::cluster {

TargetPaths::TargetPaths(std::filesystem::path data_directory, const std::vector<postgres::Tablespace>& tablespaces,
                         const std::map<std::string, std::filesystem::path>& mapping)
    : data_directory_(std::move(data_directory)) {
  std::set<std::string> used;
  for (const auto& tablespace : tablespaces) {
    if (tablespace.location.empty()) continue;
    Link link{tablespace.oid, tablespace.location, tablespace.location};
    for (const auto& key : {tablespace.location, std::to_string(tablespace.oid)}) {
      if (const auto found = mapping.find(key); found != mapping.end()) {
        link.location = found->second;
        used.insert(key);
      }
    }
    links_.push_back(std::move(link));
  }
  for (const auto& [old_location, new_location] : mapping) {
    if (used.contains(old_location)) continue;
    throw Error(ErrorKind::usage, fmt::format("--tablespace-map {}={}: the backup has no tablespace at {}",
                                              old_location, new_location.string(), old_location))
        .with_hint("`owlbackup show ID` lists the tablespaces of a backup.");
  }
}

namespace {

constexpr std::string_view tablespace_root = "pg_tblspc/";

/// "pg_tblspc/16384/PG_15_…/5/1" → "16384"; empty for all other paths.
std::string_view oid_in(std::string_view relative) {
  if (!relative.starts_with(tablespace_root)) return {};
  const auto rest = relative.substr(tablespace_root.size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace

const TargetPaths::Link* TargetPaths::link_of(std::string_view relative) const {
  const auto oid = oid_in(relative);
  if (oid.empty()) return nullptr;
  for (const auto& link : links_) {
    if (std::to_string(link.oid) == oid) return &link;
  }
  return nullptr;
}

const std::filesystem::path& TargetPaths::root_of(std::string_view relative) const {
  const auto* link = link_of(relative);
  return link == nullptr ? data_directory_ : link->location;
}

std::filesystem::path TargetPaths::resolve(std::string_view relative) const {
  const auto* link = link_of(relative);
  if (link == nullptr) return data_directory_ / relative;
  const auto inside = relative.substr(tablespace_root.size() + oid_in(relative).size());
  return inside.empty() ? link->location : link->location / inside.substr(1);
}

std::filesystem::path TargetPaths::link_path(const Link& link) const {
  return data_directory_ / "pg_tblspc" / std::to_string(link.oid);
}

}  // namespace owl::cluster
