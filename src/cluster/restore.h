#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/recovery_plan.h"
#include "cluster/recovery_settings.h"
#include "cluster/restore_scope.h"
#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/blob_reader.h"
#include "repository/stores.h"

namespace owl::cluster {

struct RestoreOptions {
  std::filesystem::path to;
  std::map<std::string, std::filesystem::path> tablespace_map;  ///< old location or oid → new location
  unsigned workers = 2;
  RecoveryCommands commands;         ///< for postgresql.auto.conf
  std::optional<std::string> owner;  ///< account that will own the files, when we are root
  RestoreScope scope;                ///< what part of the cluster is restored
  /// Into a directory that holds this cluster already, old or damaged: only what differs is fetched and written, and
  /// what the backup doesn't hold is removed.
  bool delta = false;
  /// For `delta`: is that WAL file in every store's keeping? What isn't is moved aside, never removed.
  std::function<bool(const std::string& wal_file)> is_archived;
};

/// Says, before anything is written, why a restore can't succeed: target directory not empty (and not a restore of ours
/// that was interrupted; with `delta`, not this cluster's data directory), a server running there, tablespace locations
/// that are not empty or belong to a living cluster, a CREATE TABLESPACE in the WAL to be replayed whose path would
/// reach live data, another architecture. That there is room is checked where the file map is read: measure_restore,
/// restore_cluster.
void check_target(const RestoreOptions& options, const RecoveryPlan& plan);

struct RestoreSize {
  std::uint64_t files = 0, plain_bytes = 0, fetch_bytes = 0, packs = 0;
  std::uint64_t kept_bytes = 0;  ///< of `plain_bytes`, those that the directory had already (`delta`)
  std::optional<std::filesystem::path> wal_aside = {};  ///< where WAL is that nothing else has (`delta`)
};
/// What a restore will fetch; reads leaves and directories, no data; with `delta`, what is in the directory.
RestoreSize measure_restore(const RestoreOptions& options, const RecoveryPlan& plan, repository::BlobReader& reader,
                            std::stop_token stop = {});

/// Writes the cluster: folders and empty files, then pack by pack in parallel each blob once to where it belongs, then
/// labels, tablespace links, the WAL from start to stop, recovery settings, backup_manifest; everything synced;
/// pg_control last, with a checkpoint that does not exist. Interrupted, it can be run again into the same directory.
/// With `delta`, pg_control is taken away before anything else is changed.
RestoreSize restore_cluster(const RestoreOptions& options, const RecoveryPlan& plan, repository::BlobReader& reader,
                            wal::Fetcher& fetcher, Monitor& monitor, std::stop_token stop);

}  // namespace owl::cluster
