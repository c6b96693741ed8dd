#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "cluster/restore_tree.h"
#include "cluster/target_paths.h"

namespace owl::cluster {

/// Takes pg_control away, durably: until the restore puts it back at its end, no server can start on what is half old
/// and half restored.
void disarm(const std::filesystem::path& data_directory);

/// Removes everything in a data directory and its tablespaces that the backup doesn't hold in that place and of that
/// type; links are removed, not followed. Left alone: the restore's marker, pg_wal (see below), the backup's tablespace
/// links where they point to where the restore puts them, and, in a tablespace's folder, what belongs to other versions
/// of PostgreSQL.
void remove_unknown(const TargetPaths& paths, const RestoreTree& tree);

/// Where WAL of a data directory is kept that is archived nowhere: a folder in its pg_wal, to which PostgreSQL and its
/// tools pay no attention.
std::filesystem::path wal_aside(const std::filesystem::path& data_directory);
/// Empties pg_wal: recovery must not find what an old or damaged server left there. WAL that is archived nowhere may be
/// the only copy of the last transactions, so it is moved to `wal_aside`, under a name that is free there.
/// `is_archived` is asked with the names of WAL files; a segment file that was made ready for later use holds nothing
/// and isn't asked about.
void empty_wal(const std::filesystem::path& data_directory,
               const std::function<bool(const std::string& wal_file)>& is_archived);

}  // namespace owl::cluster
