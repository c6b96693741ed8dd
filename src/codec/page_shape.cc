#include "codec/page_shape.h"

#include <algorithm>
#include <bit>

namespace owl::codec {
namespace {

bool read_header(const std::uint8_t* page, std::uint32_t block_size, PageShape& shape) {
  shape.lower = load<std::uint16_t>(page + page_at::lower);
  shape.upper = load<std::uint16_t>(page + page_at::upper);
  shape.special = load<std::uint16_t>(page + page_at::special);
  shape.heap = shape.special == block_size;
  const bool index = shape.special == block_size - large_special || shape.special == block_size - small_special;
  const std::uint32_t last = load<std::uint16_t>(page + block_size - 2);
  shape.btree = shape.special == block_size - large_special && last < least_page_id;
  return (shape.heap || index) &&
         load<std::uint16_t>(page + page_at::size_version) == (block_size | page_layout_version) &&
         shape.lower >= page_at::items && shape.lower <= shape.upper && shape.upper <= shape.special &&
         (shape.lower - page_at::items) % 4 == 0 && shape.upper % 8 == 0;
}

/// What holds of all line pointers. Sums of bits rather than comparisons, so that plain loops become vectors.
struct Pointers {
  bool all_normal = false;   ///< and long enough
  bool all_aligned = false;  ///< no length leaves padding
};

Pointers read_line_pointers(const std::uint8_t* page, std::uint32_t least_length, PageItems& items) {
  std::uint32_t other = 0, short_by = 0, lengths = 0;
  for (std::uint32_t i = 0; i < items.line_pointers; ++i) {
    const auto word = load<std::uint32_t>(page + page_at::items + 4 * std::size_t{i});
    const std::uint32_t length = line_pointer::length_of(word);
    items.offset[i] = line_pointer::offset_of(word);
    items.flags[i] = line_pointer::flags_of(word);
    items.length[i] = length;
    other |= line_pointer::flags_of(word) ^ line_pointer::normal;
    short_by |= length - least_length;
    lengths |= length;
  }
  return {other == 0 && short_by >> 31 == 0, lengths % 8 == 0};
}

/// Do items `first` to the last lie one below the other, from `top` down?
bool descends(const PageItems& items, std::uint32_t first, std::uint32_t top) {
  std::uint32_t wrong = (top - items.offset[first]) ^ aligned8(items.length[first]);
  for (std::uint32_t i = first + 1; i < items.line_pointers; ++i) {
    wrong |= (items.offset[i - 1] - items.offset[i]) ^ aligned8(items.length[i]);
  }
  return wrong == 0;
}

/// Finds the order in which PostgreSQL adds tuples; or that of CREATE INDEX, whose high key is truncated last of all.
bool is_chained(PageShape& shape, const PageItems& items) {
  const std::uint32_t last = items.line_pointers - 1;
  if (descends(items, 0, shape.special)) return items.offset[last] == shape.upper;
  if (last == 0 || !descends(items, 1, shape.special)) return false;
  shape.first_lowest =
      items.offset[0] == shape.upper && items.offset[last] - items.offset[0] == aligned8(items.length[0]);
  return shape.first_lowest;
}

/// Is the padding behind every item zero? All items that are asked about have bytes.
bool padding_is_zero(const std::uint8_t* page, const PageItems& items) {
  std::uint64_t found = 0;
  for (std::uint32_t i = 0; i < items.line_pointers; ++i) {
    if (!has_bytes(items.flags[i], items.length[i])) continue;
    const std::uint32_t last = items.length[i] - 1;
    const auto word = load<std::uint64_t>(page + items.offset[i] + (last & ~7u));
    found |= word >> (8 * (last & 7)) >> 8;
  }
  return found == 0;
}

/// Checks items in whatever order; finds whether they tile the space. Toggling a bit where each begins and where it
/// ends leaves those at both ends of the space only if each ends where another begins; with no two beginning at one
/// place they can't overlap, then.
bool check_places(PageShape& shape, PageItems& items) {
  const std::uint32_t words = shape.special / 512 + 1;
  std::array<std::uint64_t, largest_page_size / 512 + 1> edges{};
  std::fill_n(items.taken.begin(), std::min<std::size_t>(words, items.taken.size()), 0);
  const std::uint32_t least = header_size(shape.heap);
  std::uint32_t total = 0;
  const auto toggle = [&](std::uint32_t at) { edges[at >> 9] ^= std::uint64_t{1} << (at >> 3 & 63); };
  for (std::uint32_t i = 0; i < items.line_pointers; ++i) {
    const std::uint32_t offset = items.offset[i], length = items.length[i];
    if (!has_bytes(items.flags[i], length)) continue;
    const std::uint64_t bit = std::uint64_t{1} << (offset >> 3 & 63);
    if (offset < shape.upper || offset % 8 != 0 || length < least || offset + length > shape.special) return false;
    if ((items.taken[offset >> 9] & bit) != 0) return false;
    items.taken[offset >> 9] |= bit;
    total += aligned8(length);
    toggle(offset);
    toggle(std::min(offset + aligned8(length), shape.special));
  }
  toggle(shape.upper);
  toggle(shape.special);
  shape.dense = std::ranges::all_of(edges, [](std::uint64_t word) { return word == 0; });
  return total <= shape.special - shape.upper;
}

}  // namespace

bool judge_page(const std::uint8_t* page, std::uint32_t block_size, PageShape& shape, PageItems& items) {
  shape = {};
  if (!read_header(page, block_size, shape)) return false;
  items.line_pointers = (shape.lower - static_cast<std::uint32_t>(page_at::items)) / 4;
  items.count = items.line_pointers;
  if (items.count == 0) {
    shape.general = true;
    return true;
  }
  const auto pointers = read_line_pointers(page, header_size(shape.heap), items);
  const auto no_padding = [&] { return pointers.all_aligned || padding_is_zero(page, items); };
  if (pointers.all_normal && is_chained(shape, items) && no_padding()) {
    shape.dense = true;
  } else {
    shape.general = true;
    shape.first_lowest = false;
    if (!check_places(shape, items)) return false;
    shape.dense = shape.dense && no_padding();
  }
  // btpo_next (nbtree.h): only the rightmost page has no high key.
  shape.high_key = shape.btree && load<std::uint32_t>(page + shape.special + 4) != 0;
  return true;
}

void keep_items_with_bytes(PageItems& items) {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < items.line_pointers; ++i) {
    items.offset[kept] = items.offset[i];
    items.number[kept] = i + 1;
    const std::uint32_t length = items.length[i];
    items.length[kept] = length;
    kept += has_bytes(items.flags[i], length) ? 1u : 0u;
  }
  items.count = kept;
}

void put_first_last(PageItems& items) {
  if (items.count < 2) return;
  for (auto* const list : {&items.offset, &items.length, &items.number}) {
    std::rotate(list->begin(), list->begin() + 1, list->begin() + items.count);
  }
}

}  // namespace owl::codec
