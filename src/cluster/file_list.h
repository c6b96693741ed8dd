#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace owl::cluster {

/// What a path inside a data directory is to a backup (basebackup.c, facts in docs/cluster-backup.md).
enum class PathRule : std::uint8_t {
  copy,          ///< as bytes
  relation,      ///< a fork of a relation: whole pages, with checksums
  folder,        ///< a folder to walk
  empty_folder,  ///< the folder, without what is in it
  skip,
};
/// Pure: by relative path alone. Unlogged relations need their folder's listing and are decided in `list_cluster`.
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

/// A large cluster has millions of these, so there is one path in it and nothing that follows from it.
struct ListedFile {
  std::string path;  ///< relative; tablespaces under pg_tblspc/<oid>/
  bool is_folder = false, is_relation = false;
  std::uint32_t mode = 0;
  std::uint64_t size = 0;  ///< bytes
  Timestamp modified;
  std::uint32_t first_block = 0;  ///< of a relation's segment, within the relation
  bool is_ragged = false;         ///< of a relation: a part of a page stood behind `size`
  std::uint64_t mark = 0;         ///< file_marks.h
};
/// Where to open it: links in the data directory lead to tablespaces.
std::filesystem::path source_of(const ListedFile& file, const std::filesystem::path& data_directory);
/// By path, with pg_control last.
void sort_listing(std::vector<ListedFile>& files);

/// Walks a data directory and its tablespaces; what vanishes meanwhile is left out. Sorted by path. pg_control comes
/// last whatever its name. Unlogged relations' forks other than _init are left out (their folder is read twice: a
/// relation is only left out when its _init fork was there both times).
///
/// `tablespace_version` is the name of the folder that this server uses in each tablespace ("PG_15_202209061"): after
/// pg_upgrade another server's may lie beside it.
struct ListOptions {
  std::filesystem::path data_directory;
  std::string tablespace_version;
  std::uint32_t block_size = 8192, relation_segment_blocks = 131072;
  Timestamp now = {};  ///< when the listing begins; files that changed since, or shortly before, get no mark
};
std::vector<ListedFile> list_cluster(const ListOptions& options);

}  // namespace owl::cluster
