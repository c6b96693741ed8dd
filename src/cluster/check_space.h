#pragma once

#include <cstdint>

#include "cluster/restore_scope.h"
#include "cluster/restore_tree.h"
#include "cluster/restore_writer.h"
#include "cluster/target_paths.h"

namespace owl::cluster {

/// The path itself, or the nearest folder above it that is there.
std::filesystem::path nearest_existing(std::filesystem::path path);

/// Throws Error(disk_full) where a file system has less room than a restore would write there: tablespaces may lie on
/// others than the data directory. What an interrupted restore left behind counts as free, since it will be removed; so
/// does all that is there, for a restore `onto` it. `wal_bytes` go into the data directory, beside the files. What is
/// outside the scope takes no room.
void check_space(const TargetPaths& paths, const RestoreTree& tree, const RestoreScope& scope, std::uint64_t wal_bytes,
                 RestoreWriter::Onto onto);

}  // namespace owl::cluster
