#pragma once

#include <string>

#include "crypto/keys.h"
#include "repository/divergence.h"
#include "repository/store_view.h"

namespace owl::repository {

/// What a new backup follows.
struct Forerunner {
  std::uint64_t next_sequence = 1;  ///< above every number that any store shows or this host remembers
  ByteArray<32> digest{};           ///< of the newest manifest; zero: there is none
};

/// Finds the newest manifest of a source in each store, compares it with what this host remembers of that store and
/// with the other stores, and warns of each divergence.
Forerunner find_forerunner(const std::vector<StoreView>& views, const crypto::HostKeys& keys, const std::string& kind,
                           const std::string& name, const HeadFile& heads, Monitor& monitor,
                           const std::stop_token& stop);

/// "cluster/<name id>": how HeadFile calls a source.
std::string source_of(const ManifestKey& key);

}  // namespace owl::repository
