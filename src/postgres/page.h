#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "postgres/types.h"

namespace owl::postgres {

/// The checksum of a page (checksum_impl.h, the same from 13 to 18); `block` counts within the relation, over segments.
/// The page is not changed. Picks vector code by the processor at run time.
std::uint16_t page_checksum(ByteView page, BlockNumber block);

inline Lsn page_lsn(ByteView page) {
  std::uint32_t high, low;
  __builtin_memcpy(&high, page.data(), 4);
  __builtin_memcpy(&low, page.data() + 4, 4);
  return {static_cast<std::uint64_t>(high) << 32 | low};
}

/// Is it the metapage of an SP-GiST index (spgist_private.h)? PostgreSQL writes its cache of pages with room there
/// without WAL and without a new LSN (spgutils.c, SpGistUpdateMetaPage).
bool is_spgist_metapage(ByteView page);

enum class PageState : std::uint8_t {
  good,   ///< its checksum fits, or checksums are off and its header is sane
  empty,  ///< all zeros: never written
  bad,    ///< torn (reread it) or damaged
};
/// Judges one page as PostgreSQL does when it reads one (PageIsVerified in bufpage.c): bad is what it would refuse.
/// With `checksums` off that is a page whose header (flags, pd_lower, pd_upper, pd_special) can't be.
PageState judge_page(ByteView page, BlockNumber block, bool checksums);

/// Appends the indices (within `pages`) of bad pages; returns how many there are. One pass while the bytes are in
/// cache.
std::size_t find_bad_pages(ByteView pages, std::uint32_t block_size, BlockNumber first_block, bool checksums,
                           std::vector<std::uint32_t>& bad);

}  // namespace owl::postgres
