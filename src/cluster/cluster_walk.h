#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/listing.h"

namespace owl::cluster {

/// `tablespace_version` is the name of the folder that this server uses in each tablespace ("PG_15_202209061"): after
/// pg_upgrade another server's may lie beside it.
struct ListOptions {
  std::filesystem::path data_directory;
  std::string tablespace_version;
  std::uint32_t block_size = 8192, relation_segment_blocks = 131072;
  Timestamp now = {};  ///< when the listing begins; files that changed since, or shortly before, get no mark
  Listing::Room room = {};
  std::vector<ListedFile> config_files = {};  ///< from outside the data directory: they are entered, too
};

/// Walks a data directory and its tablespaces; what vanishes meanwhile is left out. Sorted by path, as bytes, with
/// pg_control last whatever its name. Unlogged relations' forks other than _init are left out (their folder is read
/// twice: a relation is only left out when its _init fork was there both times). In memory are the names of the folders
/// that the walk is in.
Listing list_cluster(ListOptions options);

}  // namespace owl::cluster
