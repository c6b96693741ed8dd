#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codec/columns.h"
#include "codec/page_layout.h"
#include "codec/streams.h"

namespace owl::codec {

/// The streams that pages are split into. All numbers in this file are part of the repository format
/// (docs/format/codecs.md).
namespace page_stream {
inline constexpr std::size_t meta = 0;  ///< for each page: kind and flags, then a mask for each of its fields
inline constexpr std::size_t counts_low = 1, counts_high = 2;  ///< number of line pointers
inline constexpr std::size_t lsn = 3;                          ///< varint of the zigzag difference to the page before
inline constexpr std::size_t checksum = 4;                     ///< where it is not what the page's bytes say
inline constexpr std::size_t odds = 5;       ///< varints: pd_flags, prune xid, upper, each only where it is not implied
inline constexpr std::size_t constants = 6;  ///< of fields, where a page has another than the one before
inline constexpr std::size_t special = 7;    ///< an index's own fields at the end of the page
inline constexpr std::size_t nulls = 8;      ///< heap: what lies between the tuple header's 24 bytes and its data
inline constexpr std::size_t tail = 9;       ///< what no column took
inline constexpr std::size_t hole = 10;      ///< what lies where nothing should, if it isn't zeros
inline constexpr std::size_t raw = 11;       ///< pages that were not taken apart
inline constexpr std::size_t fields = 12;    ///< four planes for each PageField
}  // namespace page_stream

/// Numbers that every item of a page has; each has four streams, one for each byte.
enum class PageField : std::uint8_t {
  length,   ///< lp_len
  pointer,  ///< lp_off less its expected place, divided by 8 (u16), and lp_flags
  xmin,     ///< heap tuples' headers, word by word (htup_details.h)
  xmax,
  command,     ///< t_cid or t_xvac
  ctid_block,  ///< zigzag difference to the page's own
  ctid_rest,   ///< ctid's offset less the item's own number (u16), t_infomask2
  infomask,    ///< t_infomask, t_hoff, the byte behind it
  tid_block,   ///< index tuples (itup.h), posting lists (nbtree.h) item by item
  tid_offset,
  pivot_block,  ///< t_tid of btree tuples that point to no row
  pivot_offset,
  tuple_info,     ///< t_info without the length, if it is lp_len
  posting_count,  ///< how many TIDs; 0 for a pivot
};
inline constexpr std::size_t page_fields = 14;

namespace page_stream {
inline constexpr std::size_t columns = fields + 4 * page_fields;
inline constexpr std::size_t count = columns + ColumnList::largest_width;
constexpr std::size_t of(PageField field) {
  return fields + 4 * static_cast<std::size_t>(field);
}
}  // namespace page_stream

/// First byte of a page's meta.
namespace page_meta {
inline constexpr std::uint8_t kind_mask = 3;
inline constexpr std::uint8_t raw = 0, zeros = 1, heap = 2, index = 3;
inline constexpr std::uint8_t general = 4;       ///< line pointers are told; else they follow from the lengths
inline constexpr std::uint8_t first_lowest = 8;  ///< item 1 lies lowest and the others descend from item 2 on
inline constexpr std::uint8_t hole = 16;         ///< bytes between pd_lower and pd_upper follow in the hole stream
inline constexpr std::uint8_t gaps = 32;         ///< so do those between the tuples, from the page's end down
}  // namespace page_meta

/// Second byte.
namespace page_flag {
inline constexpr std::uint8_t checksum_told = 1, checksum_zero = 2;
inline constexpr std::uint8_t flags_changed = 4, prune_xid_changed = 8;
inline constexpr std::uint8_t small_special = 16;  ///< an index whose special space has 8 bytes, not 16
}  // namespace page_flag

/// Mask of a field in meta: bits 0-3 say which bytes vary on this page.
namespace field_mask {
inline constexpr std::uint8_t planes = 15;
inline constexpr std::uint8_t new_constants = 16;  ///< the others are in the constants stream, not as before
inline constexpr std::uint8_t deltas = 32;         ///< zigzag differences from item to item
}  // namespace field_mask

/// Sizes of structures (htup_details.h without its null bitmap and rounded up, itup.h, nbtree.h, hash.h, ginblock.h).
inline constexpr std::uint32_t heap_header_size = 24, index_header_size = 8;
inline constexpr std::uint32_t large_special = 16, small_special = 8;
/// t_info's INDEX_ALT_TID_MASK: t_tid holds something else than a row's place.
inline constexpr std::uint32_t alternative_tid = 0x2000;
/// In t_tid's offset then: BT_IS_POSTING, the other status bits, BT_OFFSET_MASK.
inline constexpr std::uint32_t posting_bit = 0x2000, tid_status_bits = 0xf000, posting_count_bits = 0x0fff;
inline constexpr std::uint32_t posting_item_size = 6;
/// Page ids of access methods other than btree end their special space: HASHO_PAGE_ID and above (hash.h, gist.h, …).
/// A btree has a vacuum cycle there, MAX_BT_CYCLE_ID (0xFF7F) at most.
inline constexpr std::uint16_t least_page_id = 0xff80;

/// How the tuples of one relation are cut: what its encoder found to pay. A value.
struct PageColumns {
  ColumnList heap, index;
  friend bool operator==(const PageColumns&, const PageColumns&) = default;
};

/// A relation's columns and how far they came. Each four bytes of the prefix are written as a field is.
struct PageColumnState {
  explicit PageColumnState(const ColumnList& list_) : list(list_), width(static_cast<std::uint32_t>(list_.width())) {}

  const ColumnList list;
  const std::uint32_t width;  ///< bytes of the prefix
  std::array<std::uint64_t, ColumnList::largest_count> previous{};
  std::array<std::uint32_t, ColumnList::largest_width / 4> constants{};
};

/// What a split goes on with from page to page; both sides begin with a fresh one. Less than 1 KiB: keep one for each
/// relation where pages of several are mixed.
struct PageState {
  explicit PageState(const PageColumns& columns) : heap_columns(columns.heap), index_columns(columns.index) {}

  std::array<std::uint32_t, page_fields> constants{};
  std::uint64_t lsn = 0;
  std::uint32_t prune_xid = 0, xmin = 0, tid_block = 0, pivot_block = 0;
  std::uint16_t tid_offset = 0, flags = 0;
  PageColumnState heap_columns, index_columns;
};

/// Scratch for one page: room for as many items as the largest page can have. Some 400 KiB, of which a page of 8 KiB
/// touches a tenth.
struct PageItems {
  /// Odd on purpose: arrays a power of two apart would share the cache's lines.
  static constexpr std::size_t most = largest_page_size / 4 + 48;

  std::uint32_t line_pointers = 0;                         ///< on the page
  std::uint32_t count = 0;                                 ///< those that have bytes, in the order of the streams
  std::array<std::uint32_t, most> offset, length, number;  ///< where, how long, and which line pointer (from 1)
  std::array<std::uint32_t, most> flags;                   ///< of all line pointers
  std::array<std::uint32_t, most> data_offset, data_length;
  std::array<std::uint32_t, most> a, b, c, d, e, f;
  std::array<std::uint64_t, largest_page_size / 512> taken;  ///< one bit for each eight bytes
};

}  // namespace owl::codec
