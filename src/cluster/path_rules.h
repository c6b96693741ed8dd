#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace owl::cluster {

/// What a path inside a data directory is to a backup (basebackup.c, facts in docs/cluster-backup.md).
enum class PathRule : std::uint8_t {
  copy,          ///< as bytes
  relation,      ///< a fork of a relation: whole pages, with checksums
  folder,        ///< a folder to walk
  empty_folder,  ///< the folder, without what is in it
  skip,
};
/// Pure: by relative path alone. Unlogged relations need their folder's listing: cluster_walk.h.
PathRule rule_for(std::string_view relative_path, bool is_folder);

/// A relation's file name in pieces: 16384_vm.1 → {16384, "vm", 1}. nullopt: no relation file.
struct RelationFileName {
  std::uint32_t relation = 0;
  std::string fork;  ///< "main", "fsm", "vm", "init"
  std::uint32_t segment = 0;
};
std::optional<RelationFileName> parse_relation_file_name(std::string_view name);

/// Where pg_control lies, which is read last.
inline constexpr std::string_view control_path = "global/pg_control";
/// Before the full path of a configuration file from outside the data directory.
inline constexpr std::string_view config_prefix = "owlbackup_config";

}  // namespace owl::cluster
