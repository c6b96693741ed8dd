#pragma once

#include <stop_token>
#include <vector>

#include "proof/findings.h"

namespace owl::proof {

/// Reads the manifests of these backups in one store, and holds packs and WAL against them. Internal to this module.
void check_stored_data(repository::StoreSet::Member& member, const std::vector<repository::BackupEntry>& backups,
                       const crypto::HostKeys& host, const VerifyOptions& options, Findings& findings, Monitor& monitor,
                       const std::stop_token& stop);

}  // namespace owl::proof
