#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "crypto/names.h"
#include "repository/object_keys.h"

namespace owl::repository {

/// One index object: which blobs lie in which packs, as one run (or part of one) wrote them. Sorted by name.
struct IndexObject {
  std::string owner;                     ///< key of the manifest that the writing run announced
  std::vector<std::string> supersedes;   ///< keys of index objects that this one replaces (merging)
  std::vector<PackRef> packs;
  struct Entry {
    crypto::BlobName name{};
    std::uint32_t pack = 0;              ///< index into packs
    std::uint32_t entry = 0;             ///< in that pack's directory
    std::uint32_t plain_size = 0;
  };
  std::vector<Entry> entries;
};
Bytes serialize(IndexObject object);     ///< sorts; compressed, not sealed
Result<IndexObject> parse_index_object(ByteView bytes);

/// Where a known blob lies.
struct BlobPlace {
  std::uint32_t pack = 0;                ///< index into the owner's pack table
  std::uint32_t entry = 0;
};

/// The writer's view of what is stored already, in memory: 28 bytes a blob. Not thread-safe.
class DedupIndex {
 public:
  /// Registers a pack, once; returns its number.
  std::uint32_t add_pack(const PackRef& pack);
  void add(const crypto::BlobName& name, BlobPlace place, std::uint32_t plain_size);
  /// A name whose plain size differs is no match.
  std::optional<BlobPlace> find(const crypto::BlobName& name, std::uint32_t plain_size) const;
  std::size_t size() const { return places_.size(); }
  const std::vector<PackRef>& packs() const { return packs_; }

 private:
  struct NameHash {
    std::size_t operator()(const crypto::BlobName& name) const;
  };
  struct Place {
    BlobPlace place;
    std::uint32_t plain_size;
  };
  std::vector<PackRef> packs_;
  std::unordered_map<crypto::BlobName, Place, NameHash> places_;
};

}  // namespace owl::repository
