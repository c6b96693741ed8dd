#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "repository/manifest.h"

namespace owl::proof {

/// What manifests ask of a store. Which manifest asks for what is not kept: of a large repository that would be more
/// than all else. It is asked of the manifests again where something is damaged. Internal to this module.
struct Expected {
  struct Leaf {
    repository::PackRef pack;
    std::uint32_t entry = 0;
    crypto::BlobName name{};
  };
  std::map<std::string, repository::PackRef> packs;              ///< by key
  std::map<std::pair<std::string, std::uint32_t>, Leaf> leaves;  ///< of clusters: by pack's key and entry
  std::set<std::string> wal;                                     ///< keys

  /// Throws Error(integrity) where a leaf lies in a pack that the manifest doesn't list.
  void add(const repository::Manifest& manifest);
};

/// The keys of the WAL segments without which this backup is none.
std::vector<std::string> wal_keys_of(const repository::Manifest& manifest);

}  // namespace owl::proof
