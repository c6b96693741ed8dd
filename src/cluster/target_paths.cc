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
    throw Error(ErrorKind::usage, fmt::format("--tablespace-map {}={}: the backup has no tablespace at {}", old_location,
                                              new_location.string(), old_location))
        .with_hint("`owlbackup show ID` lists the tablespaces of a backup.");
  }
}

std::filesystem::path TargetPaths::resolve(std::string_view relative) const {
  static constexpr std::string_view root = "pg_tblspc/";
  if (relative.starts_with(root)) {
    const auto rest = relative.substr(root.size());
    const auto oid = rest.substr(0, rest.find('/'));
    for (const auto& link : links_) {
      if (std::to_string(link.oid) != oid) continue;
      return oid.size() == rest.size() ? link.location : link.location / rest.substr(oid.size() + 1);
    }
  }
  return data_directory_ / relative;
}

std::filesystem::path TargetPaths::link_path(const Link& link) const {
  return data_directory_ / "pg_tblspc" / std::to_string(link.oid);
}

}  // namespace owl::cluster
