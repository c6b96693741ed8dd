#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "repository/manifest.h"
#include "repository/stores.h"

namespace owl::repository {

/// One backup as listings show it.
struct BackupEntry {
  ManifestKey key;
  std::string path;                 ///< the object's key
  std::vector<std::string> stores;  ///< where its manifest stands
  Timestamp modified;               ///< the store's time of its manifest
  std::uint64_t manifest_size = 0;  ///< bytes
};

/// Every backup of every store, oldest first, voids left out once they were read (`load` tells). Contacts each store;
/// one that can't be reached is dropped from the set with a warning.
std::vector<BackupEntry> list_backups(StoreSet& stores, const std::string& kind = {}, std::stop_token stop = {});

/// Reads and opens one manifest, from the first store that has it whole. nullopt: a void stands there.
struct LoadedManifest {
  Manifest manifest;
  ByteArray<32> digest{};  ///< SHA-256 of the sealed bytes
  std::string path;
  std::vector<std::string> stores;
};
std::optional<LoadedManifest> load_manifest(StoreSet& stores, const crypto::HostKeys& keys, const BackupEntry& entry,
                                            std::stop_token stop = {});

/// The short id that people type: the first 8 digits of the lease id, or more where that is ambiguous.
std::string short_id(const BackupEntry& entry);
/// Finds by unique prefix of the lease id, `latest`, `latest:KIND` or `latest:KIND/NAME`. Error(not_found) lists what
/// there is; Error(usage) on an ambiguous prefix names the candidates.
BackupEntry find_backup(const std::vector<BackupEntry>& entries, const std::string& id, const crypto::HostKeys& keys);

}  // namespace owl::repository
