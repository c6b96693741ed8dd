#pragma once

#include "base/clock.h"
#include "storage/object_store.h"

namespace owl::storage {

/// How an attempt to create an object ended, ambiguity resolved.
enum class CreateResult {
  created,      ///< it stands there, and it is ours
  other_stands  ///< somebody else's object stands at that key
};

/// Creates an object whose first bytes hold a random salt (every sealed object), so that "already exists" after a
/// timeout can be told apart: after any ambiguous failure (timeout, cut connection, 429, 5xx) the same conditional put
/// is repeated, and when the key is taken the first `identity_size` bytes are read back and compared with ours. Absence
/// after an ambiguous put is never taken as final. Throws once the store's `tries` are used up.
CreateResult create(ObjectStore& store, Clock& clock, const std::string& key, std::span<const ByteView> pieces,
                    std::size_t identity_size, const std::optional<ByteArray<32>>& sha256 = {},
                    std::stop_token stop = {});

}  // namespace owl::storage
