#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace owl::codec {

/// PostgreSQL's checksum of a page (src/include/storage/checksum_impl.h, the same from 13 to 18); `block` counts within
/// the relation, over segments. The page is not changed, and what stands in its checksum field does not matter. Picks
/// vector code by the processor at run time.
std::uint16_t page_checksum(ByteView page, std::uint32_t block);

}  // namespace owl::codec
