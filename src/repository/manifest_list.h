#pragma once

#include <string>
#include <vector>

#include "repository/object_keys.h"
#include "repository/stores.h"

namespace owl::repository {

/// Voids are never larger: only of objects as small as this a listing reads the header.
inline constexpr std::uint64_t largest_void = 512;  ///< bytes

/// A manifest as a listing shows it.
struct ListedManifest {
  ManifestKey key;
  std::string path;
  Timestamp modified;
  std::uint64_t size = 0;  ///< bytes
};

/// Every manifest of one store, in byte order of the keys, of one kind or (empty) of all. Voids are left out: objects
/// small enough to be one have their header read. Nothing is authenticated by this.
std::vector<ListedManifest> list_manifests(StoreSet::Member& store, const std::string& kind, std::stop_token stop = {});

}  // namespace owl::repository
