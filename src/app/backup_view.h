#pragma once

#include <string>
#include <vector>

#include "app/invocation.h"
#include "cluster/details.h"
#include "repository/catalogue.h"

namespace owl::app {

/// All backups that are none of voids, oldest first, with their manifests.
struct ViewedBackup {
  repository::BackupEntry entry;
  repository::LoadedManifest loaded;
};
std::vector<ViewedBackup> load_backups(Invocation& in, const crypto::HostKeys& keys, const std::string& kind = {});

/// One backup by what the user typed; throws Error(not_found) or Error(usage).
ViewedBackup find_one(Invocation& in, const crypto::HostKeys& keys, const std::string& id);

cluster::ClusterDetails cluster_details(const repository::Manifest& manifest);
codec::Json to_json(const ViewedBackup& backup);

}  // namespace owl::app
