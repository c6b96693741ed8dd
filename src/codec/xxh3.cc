// Inlined, the short inputs (page fingerprints) cost a few nanoseconds rather than a call.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "codec/hash.h"

namespace owl::codec {

std::uint64_t xxh3_64(ByteView bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace owl::codec
