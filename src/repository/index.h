#pragma once

#include <cstdint>
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

}  // namespace owl::repository
