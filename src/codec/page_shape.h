#pragma once

#include <algorithm>
#include <bit>

#include "codec/page_streams.h"

namespace owl::codec {

/// What a page's header and line pointers say, checked.
struct PageShape {
  std::uint32_t lower = 0, upper = 0, special = 0;
  bool heap = false;
  bool btree = false;         ///< its t_tid may hold posting lists and pivots
  bool general = false;       ///< line pointers don't follow from their lengths
  bool first_lowest = false;  ///< they do, item 1 being the lowest
  bool high_key = false;      ///< item 1 bounds the page: it goes last
  bool dense = false;         ///< tuples, rounded up, leave no byte between pd_upper and pd_special uncovered
};

/// Judges a page and lists its items: all line pointers' `offset`, `length` and `flags` are filled. False: it is not
/// one that can be taken apart. Every item with bytes then lies between pd_upper and pd_special at a multiple of 8, is
/// long enough for its header, no two begin at the same place, and together they are no longer than that space.
bool judge_page(const std::uint8_t* page, std::uint32_t block_size, PageShape& shape, PageItems& items);

/// Does the line pointer have bytes on the page? (ItemIdHasStorage; a dead one may have lost them.)
constexpr bool has_bytes(std::uint32_t flags, std::uint32_t length) {
  return flags == line_pointer::normal || (flags == line_pointer::dead && length != 0);
}
constexpr std::uint32_t header_size(bool heap) {
  return heap ? heap_header_size : index_header_size;
}

/// Calls `visit(from, to)` for every stretch between pd_upper and pd_special that no item covers, from the top down.
/// All line pointers are listed, and `taken` says where those with bytes begin.
template <typename Visit>
void for_each_gap(const PageShape& shape, PageItems& items, Visit visit) {
  auto& item_at = items.a;  // by eighth of its offset
  for (std::uint32_t i = 0; i < items.line_pointers; ++i) {
    if (has_bytes(items.flags[i], items.length[i])) item_at[items.offset[i] >> 3] = i;
  }
  std::uint32_t above = shape.special;
  const auto gap = [&](std::uint32_t from) {
    if (from < above) visit(from, above);  // else nothing is between, or they overlap
  };
  for (std::uint32_t word = items.line_pointers == 0 ? 0 : (shape.special + 511) / 512; word-- > 0;) {
    for (std::uint64_t bits = items.taken[word]; bits != 0;) {
      const auto bit = static_cast<std::uint32_t>(63 - std::countl_zero(bits));
      bits ^= std::uint64_t{1} << bit;
      const std::uint32_t offset = word * 512 + bit * 8;
      gap(offset + items.length[item_at[offset >> 3]]);
      above = std::min(above, offset);
    }
  }
  gap(shape.upper);
}

/// Leaves those with bytes, numbered by their line pointers.
void keep_items_with_bytes(PageItems& items);
/// The high key, which is item 1, goes last: it is the next page's first key or near it.
void put_first_last(PageItems& items);

}  // namespace owl::codec
