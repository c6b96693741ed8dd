#pragma once

#include <string>
#include <variant>

#include "crypto/keys.h"
#include "repository/manifest.h"
#include "repository/stores.h"

namespace owl::repository {

/// A manifest as it stands in a store.
struct StandingManifest {
  Manifest manifest;
  ByteArray<32> digest{};  ///< SHA-256 of the sealed bytes
};

/// What stands at a manifest's key in one store: authenticated, so that nobody without the keys can fence a run or pass
/// for a commit. Throws Error(integrity) where nothing stands or what stands is damaged.
std::variant<StandingManifest, VoidMarker> what_stands(StoreSet::Member& store, const crypto::HostKeys& keys,
                                                       const std::string& key, std::stop_token stop = {});

}  // namespace owl::repository
