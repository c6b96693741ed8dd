#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/names.h"
#include "repository/object_keys.h"

namespace owl::repository {

/// One index object: which blobs lie in which packs, as one run (or part of one) wrote them. Sorted by name.
struct IndexObject {
  std::string owner;                    ///< key of the manifest that the writing run announced
  std::vector<std::string> supersedes;  ///< keys of index objects that this one replaces (merging)
  std::vector<PackRef> packs;
  struct Entry {
    crypto::BlobName name{};
    std::uint32_t pack = 0;   ///< index into packs
    std::uint32_t entry = 0;  ///< in that pack's directory
    std::uint32_t plain_size = 0;
  };
  std::vector<Entry> entries;
};
Bytes serialize(IndexObject object);  ///< sorts; compressed, not sealed
Result<IndexObject> parse_index_object(ByteView bytes);

/// Where a known blob lies.
struct BlobPlace {
  std::uint32_t pack = 0;  ///< the run's number of the pack
  std::uint32_t entry = 0;
};

/// The writer's view of what is stored already: a flat table of 28 bytes a slot, at most three quarters full. Names are
/// keyed, so nobody outside chooses where they fall. Not thread-safe.
class DedupIndex {
 public:
  /// The first place of a name stands; a later one of the same name is ignored.
  void add(const crypto::BlobName& name, BlobPlace place, std::uint32_t plain_size);
  /// A name whose plain size differs is no match.
  std::optional<BlobPlace> find(const crypto::BlobName& name, std::uint32_t plain_size) const;
  std::size_t size() const { return used_; }

 private:
  struct Slot {
    crypto::BlobName name{};
    BlobPlace place{empty, 0};
    std::uint32_t plain_size = 0;
  };
  static constexpr std::uint32_t empty = UINT32_MAX;  ///< as a pack's number
  /// The slot of that name, or the empty one where it would go.
  std::size_t slot_of(const crypto::BlobName& name) const;
  void grow();

  std::vector<Slot> slots_;  ///< a power of two of them
  std::size_t used_ = 0;
};

}  // namespace owl::repository
