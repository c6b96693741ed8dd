#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/invocation.h"
#include "cluster/details.h"
#include "repository/catalogue.h"

namespace owl::app {

/// A backup with its manifest.
struct ViewedBackup {
  repository::BackupEntry entry;
  repository::LoadedManifest loaded;
};
/// One whose manifest is damaged in every store that lists it.
struct DamagedBackup {
  repository::BackupEntry entry;
  Error error;
};
/// All backups that are none of voids, oldest first. One that is damaged hides no other.
struct ViewedBackups {
  std::vector<ViewedBackup> whole;
  std::vector<DamagedBackup> damaged;
};
ViewedBackups load_backups(repository::StoreSet& stores, const crypto::HostKeys& keys, const std::string& kind,
                           const std::stop_token& stop);
ViewedBackups load_backups(Invocation& in, const crypto::HostKeys& keys, const std::string& kind = {});
/// Warns of each damaged one. Returns the exit code: 0, or that of damage.
int report_damaged(Invocation& in, const ViewedBackups& backups);
codec::Json damaged_json(const ViewedBackups& backups);

/// One backup by what the user typed; throws Error(not_found) or Error(usage).
ViewedBackup find_one(Invocation& in, const crypto::HostKeys& keys, const std::string& id);

cluster::ClusterDetails cluster_details(const repository::Manifest& manifest);
/// How a backup of a cluster was made: on which one, or why by reading everything. nullopt: of another kind.
struct HowMade {
  std::string base;         ///< as people type it; empty: everything was read
  std::string full_reason;  ///< empty in those made before there was another way
};
std::optional<HowMade> how_made(const repository::Manifest& manifest);
codec::Json to_json(const ViewedBackup& backup);

}  // namespace owl::app
