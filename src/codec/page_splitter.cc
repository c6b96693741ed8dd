#include "codec/page_splitter.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "codec/page_checksum.h"
#include "codec/page_fields.h"
#include "codec/page_shape.h"

namespace owl::codec {
namespace {

/// Copies whole vectors: reads and writes up to 31 bytes too many.
inline void copy_wide(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
  std::size_t done = 0;
  do {
    std::memcpy(to + done, from + done, 32);
    done += 32;
  } while (done < size);
}

/// BlockIdData (block.h): the high half comes first.
constexpr std::uint32_t block_of(std::uint32_t word) {
  return std::rotl(word, 16);
}

}  // namespace

struct PageSplitter::Work {
  explicit Work(std::uint32_t block_size_) : block_size(block_size_) {}

  Outcome split(const std::uint8_t* page_, std::uint32_t block_, Checksums checksums);
  void put_raw();
  bool put_gaps();
  void put_header(std::uint8_t& flags, Checksums checksums);
  void put_special();
  void put_pointers(FieldWriter& fields);
  void put_heap(FieldWriter& fields);
  void put_xmin(FieldWriter& fields);
  void put_null_bitmaps();
  void put_index(FieldWriter& fields);
  void put_alternatives(FieldWriter& fields);
  std::uint32_t posting_count(std::uint32_t item, std::uint32_t block, std::uint32_t offset) const;
  void put_tids(FieldWriter& fields, const std::uint32_t* blocks, const std::uint32_t* offsets, std::uint32_t count);
  void put_rows(FieldWriter& fields, PageColumnState& columns);
  void put_tails(std::uint32_t width, std::size_t total);

  const std::uint32_t block_size;
  PageItems items;
  PageShape shape;
  // Of the page at hand.
  const std::uint8_t* page = nullptr;
  std::uint32_t block = 0;
  std::size_t hole_stream = 0;
  PageState* state = nullptr;
  StreamSet* streams = nullptr;
};

PageSplitter::PageSplitter(std::uint32_t block_size) : work_(std::make_unique<Work>(block_size)) {
  OWL_CHECK(is_page_size(block_size), "a page of a size that PostgreSQL does not have");
}
PageSplitter::PageSplitter(PageSplitter&&) noexcept = default;
PageSplitter::~PageSplitter() = default;

PageSplitter::Outcome PageSplitter::split(const std::uint8_t* page, std::uint32_t block, Checksums checksums,
                                          Holes holes, PageState& state, StreamSet& streams) {
  work_->hole_stream = holes == Holes::apart ? page_stream::hole : page_stream::tail;
  work_->state = &state;
  work_->streams = &streams;
  return work_->split(page, block, checksums);
}

const PageItems& PageSplitter::items() const {
  return work_->items;
}

bool PageSplitter::was_heap() const {
  return work_->shape.heap;
}

PageSplitter::Outcome PageSplitter::Work::split(const std::uint8_t* page_, std::uint32_t block_, Checksums checksums) {
  page = page_;
  block = block_;
  items.count = 0;
  if (load<std::uint32_t>(page + page_at::lower) == 0 && all_zero({page, block_size})) {  // pd_lower and pd_upper
    streams->byte(page_stream::meta, page_meta::zeros);
    return Outcome::zeros;
  }
  const bool fits = std::endian::native == std::endian::little && judge_page(page, block_size, shape, items);
  const ByteView hole{page + shape.lower, fits ? shape.upper - shape.lower : 0};
  const bool has_hole = !all_zero(hole);
  // Free space maps and visibility maps look like heap pages without rows, all in the hole.
  if (!fits || (items.line_pointers == 0 && has_hole)) {
    put_raw();
    return Outcome::raw;
  }
  std::uint8_t kind = shape.heap ? page_meta::heap : page_meta::index, flags = 0;
  if (shape.general) kind |= page_meta::general;
  if (shape.first_lowest) kind |= page_meta::first_lowest;
  if (has_hole) kind |= page_meta::hole;
  if (has_hole) streams->bytes(hole_stream, hole);
  if (!shape.dense && put_gaps()) kind |= page_meta::gaps;
  put_header(flags, checksums);
  FieldWriter fields(*streams, *state);
  if (items.line_pointers != 0) put_pointers(fields);
  if (items.count != 0) shape.heap ? put_heap(fields) : put_index(fields);
  streams->byte(page_stream::meta, kind);
  streams->byte(page_stream::meta, flags);
  streams->bytes(page_stream::meta, fields.masks());
  return Outcome::split;
}

void PageSplitter::Work::put_raw() {
  streams->byte(page_stream::meta, page_meta::raw);
  streams->bytes(page_stream::raw, {page, block_size});
}

/// What lies between the tuples, from the top down; nothing, and false, if it is all zero.
bool PageSplitter::Work::put_gaps() {
  auto* const begin = streams->room(hole_stream, shape.special - shape.upper);
  auto* to = begin;
  for_each_gap(shape, items, [&](std::uint32_t from, std::uint32_t end) {
    std::memcpy(to, page + from, end - from);
    to += end - from;
  });
  const auto size = static_cast<std::size_t>(to - begin);
  if (all_zero({begin, size})) return false;
  streams->commit(hole_stream, size);
  return true;
}

void PageSplitter::Work::put_header(std::uint8_t& flags, Checksums checksums) {
  streams->byte(page_stream::counts_low, static_cast<std::uint8_t>(items.line_pointers));
  streams->byte(page_stream::counts_high, static_cast<std::uint8_t>(items.line_pointers >> 8));
  const std::uint64_t lsn =
      std::uint64_t{load<std::uint32_t>(page + page_at::lsn)} << 32 | load<std::uint32_t>(page + page_at::lsn + 4);
  streams->varint(page_stream::lsn, zigzag(lsn - state->lsn));
  state->lsn = lsn;
  const auto checksum = load<std::uint16_t>(page + page_at::checksum);
  if (checksum == 0) {
    flags |= page_flag::checksum_zero;
  } else if (checksums == Checksums::told ||
             (checksums == Checksums::computed && checksum != page_checksum({page, block_size}, block))) {
    flags |= page_flag::checksum_told;
    store(streams->add(page_stream::checksum, 2), checksum);
  }
  const auto page_flags = load<std::uint16_t>(page + page_at::flags);
  if (page_flags != state->flags) {
    flags |= page_flag::flags_changed;
    streams->varint(page_stream::odds, page_flags);
    state->flags = page_flags;
  }
  const auto prune_xid = load<std::uint32_t>(page + page_at::prune_xid);
  if (prune_xid != state->prune_xid) {
    flags |= page_flag::prune_xid_changed;
    streams->varint(page_stream::odds, zigzag(prune_xid - state->prune_xid));
    state->prune_xid = prune_xid;
  }
  if (shape.general) streams->varint(page_stream::odds, (shape.special - shape.upper) / 8);
  if (shape.heap) return;
  if (shape.special != block_size - large_special) flags |= page_flag::small_special;
  put_special();
}

/// Links to neighbours go relative to the page's own block, as BTPageOpaqueData (nbtree.h) has them first.
void PageSplitter::Work::put_special() {
  const auto* const at = page + shape.special;
  if (shape.special != block_size - large_special) {
    std::memcpy(streams->add(page_stream::special, small_special), at, small_special);
    return;
  }
  streams->varint(page_stream::special, zigzag(load<std::uint32_t>(at) - block));
  streams->varint(page_stream::special, zigzag(load<std::uint32_t>(at + 4) - block));
  streams->varint(page_stream::special, load<std::uint32_t>(at + 8));
  std::memcpy(streams->add(page_stream::special, 4), at + 12, 4);
}

/// Lengths, and places where they don't follow. A place is told as what it differs by from the one below the item
/// before; that of an item without bytes (a redirect's goal) as what it differs by from its own number.
void PageSplitter::Work::put_pointers(FieldWriter& fields) {
  fields.put(PageField::length, items.length.data(), items.line_pointers);
  if (shape.general) {
    std::uint32_t above = shape.special;
    for (std::uint32_t i = 0; i < items.line_pointers; ++i) {
      const std::uint32_t offset = items.offset[i], length = items.length[i];
      std::uint32_t told;
      if (has_bytes(items.flags[i], length)) {
        told = (offset - (above - aligned8(length))) >> 3 & 0xffff;
        above = offset;
      } else {
        told = (items.flags[i] == line_pointer::redirect ? offset - i : offset) & 0xffff;
      }
      items.a[i] = told | items.flags[i] << 16;
    }
    fields.put(PageField::pointer, items.a.data(), items.line_pointers);
    keep_items_with_bytes(items);
  } else {
    for (std::uint32_t i = 0; i < items.count; ++i) items.number[i] = i + 1;
  }
  if (shape.high_key) put_first_last(items);
}

void PageSplitter::Work::put_heap(FieldWriter& fields) {
  auto& [line_pointers, count, offset, length, number, flags, data_offset, data_length, a, b, c, d, e, f, taken] =
      items;
  std::uint32_t other_header = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto* const tuple = page + offset[i];
    a[i] = load<std::uint32_t>(tuple);
    b[i] = load<std::uint32_t>(tuple + 4);
    c[i] = load<std::uint32_t>(tuple + 8);
    d[i] = zigzag(block_of(load<std::uint32_t>(tuple + 12)) - block);
    const auto rest = load<std::uint32_t>(tuple + 16);
    e[i] = (rest & 0xffff0000u) | ((rest - number[i]) & 0xffffu);
    f[i] = load<std::uint32_t>(tuple + 20);
    other_header |= (f[i] >> 16 & 0xff) ^ heap_header_size;
  }
  fields.put(PageField::xmax, b.data(), count);
  fields.put(PageField::command, c.data(), count);
  fields.put(PageField::ctid_block, d.data(), count);
  fields.put(PageField::ctid_rest, e.data(), count);
  fields.put(PageField::infomask, f.data(), count);
  put_xmin(fields);
  if (other_header != 0) {
    put_null_bitmaps();
  } else {
    for (std::uint32_t i = 0; i < count; ++i) data_offset[i] = offset[i] + heap_header_size;
    for (std::uint32_t i = 0; i < count; ++i) data_length[i] = length[i] - heap_header_size;
  }
  put_rows(fields, state->heap_columns);
}

/// As differences where rows of many transactions lie in the order in which they were written.
void PageSplitter::Work::put_xmin(FieldWriter& fields) {
  const std::uint32_t before = state->xmin;
  state->xmin = to_deltas(items.a.data(), items.count, before, items.d.data());
  std::uint32_t changed = 0, small = 0;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    changed += items.d[i] != 0 ? 1u : 0u;
    small += items.d[i] < 256 ? 1u : 0u;
  }
  const bool deltas = 2 * changed > items.count && 2 * small > items.count;
  fields.put(PageField::xmin, deltas ? items.d.data() : items.a.data(), items.count, deltas);
}

/// t_hoff says where a tuple's data begins; one that can't be is taken for the least.
void PageSplitter::Work::put_null_bitmaps() {
  std::size_t total = 0;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    std::uint32_t header = items.f[i] >> 16 & 0xff;
    if (header < heap_header_size || header > items.length[i]) header = heap_header_size;
    items.data_offset[i] = items.offset[i] + header;
    items.data_length[i] = items.length[i] - header;
    total += header - heap_header_size;
  }
  auto* to = streams->add(page_stream::nulls, total);
  for (std::uint32_t i = 0; i < items.count; ++i) {
    const std::uint32_t from = items.offset[i] + heap_header_size, size = items.data_offset[i] - from;
    std::memcpy(to, page + from, size);
    to += size;
  }
}

void PageSplitter::Work::put_index(FieldWriter& fields) {
  std::uint32_t any = 0;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    const auto* const tuple = page + items.offset[i];
    items.a[i] = block_of(load<std::uint32_t>(tuple));
    const auto rest = load<std::uint32_t>(tuple + 4);
    items.b[i] = rest & 0xffff;
    items.c[i] = (rest >> 16) ^ items.length[i];
    any |= items.c[i];
  }
  for (std::uint32_t i = 0; i < items.count; ++i) items.data_offset[i] = items.offset[i] + index_header_size;
  for (std::uint32_t i = 0; i < items.count; ++i) items.data_length[i] = items.length[i] - index_header_size;
  fields.put(PageField::tuple_info, items.c.data(), items.count);
  if (shape.btree && (any & alternative_tid) != 0) {
    put_alternatives(fields);
  } else {
    put_tids(fields, items.a.data(), items.b.data(), items.count);
  }
  put_rows(fields, state->index_columns);
}

/// The count of TIDs of a posting list that is as _bt_form_posting (nbtdedup.c) makes it; 0 for anything else.
std::uint32_t PageSplitter::Work::posting_count(std::uint32_t item, std::uint32_t list_at, std::uint32_t status) const {
  const std::uint32_t count = status & posting_count_bits, length = items.length[item];
  const std::uint32_t size = count * posting_item_size;
  if ((status & tid_status_bits) != posting_bit || size + index_header_size > length) return 0;
  if (((length - size) & ~7u) != list_at) return 0;
  const std::uint32_t end = list_at + size;
  return all_zero({page + items.offset[item] + end, length - end}) ? count : 0;
}

/// Rows' places from plain tuples and posting lists in one chain; pivots by themselves.
void PageSplitter::Work::put_alternatives(FieldWriter& fields) {
  auto& [line_pointers, count, offset, length, number, flags, data_offset, data_length, blocks, offsets, counts,
         tid_blocks, tid_offsets, pivots, taken] = items;
  std::uint32_t tids = 0, alternatives = 0, pivot_count = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    if ((counts[i] & alternative_tid) == 0) {
      tid_blocks[tids] = blocks[i];
      tid_offsets[tids++] = offsets[i];
      continue;
    }
    // A place is a sixth of what is left of the page at least, so that they always find room.
    const std::uint32_t posting = posting_count(i, blocks[i], offsets[i]);
    const auto* at = page + offset[i] + blocks[i];
    for (std::uint32_t k = 0; k < posting; ++k, at += posting_item_size) {
      tid_blocks[tids] = block_of(load<std::uint32_t>(at));
      tid_offsets[tids++] = load<std::uint16_t>(at + 4);
    }
    if (posting != 0) {
      data_length[i] = blocks[i] - index_header_size;
    } else {
      pivots[pivot_count] = blocks[i];
      offsets[pivot_count++] = offsets[i];  // never ahead of i
    }
    counts[alternatives++] = posting;
  }
  fields.put(PageField::posting_count, counts.data(), alternatives);
  if (pivot_count != 0) {
    fields.put(PageField::pivot_offset, offsets.data(), pivot_count);
    state->pivot_block = to_deltas(pivots.data(), pivot_count, state->pivot_block, offsets.data());
    fields.put(PageField::pivot_block, offsets.data(), pivot_count, true);
  }
  if (tids != 0) put_tids(fields, tid_blocks.data(), tid_offsets.data(), tids);
}

/// Index tuples of rows in the order in which they were written follow each other: then it is the difference that is
/// told, and an offset as what it differs by from the next one of its block.
void PageSplitter::Work::put_tids(FieldWriter& fields, const std::uint32_t* blocks, const std::uint32_t* offsets,
                                  std::uint32_t count) {
  auto &deltas = items.c, &rest = items.f;
  std::uint32_t small = 0;
  const std::uint32_t last_block = to_deltas(blocks, count, state->tid_block, deltas.data());
  for (std::uint32_t i = 0; i < count; ++i) small += deltas[i] < 64 ? 1u : 0u;
  const bool use_deltas = 2 * small > count;
  if (use_deltas) {
    const auto expected = [&](std::uint32_t i, std::uint32_t before) { return deltas[i] == 0 ? before + 1 : 1; };
    rest[0] = (offsets[0] - expected(0, state->tid_offset)) & 0xffff;
    for (std::uint32_t i = 1; i < count; ++i) rest[i] = (offsets[i] - expected(i, offsets[i - 1])) & 0xffff;
    fields.put(PageField::tid_block, deltas.data(), count, true);
    fields.put(PageField::tid_offset, rest.data(), count);
  } else {
    fields.put(PageField::tid_block, blocks, count);
    fields.put(PageField::tid_offset, offsets, count);
  }
  state->tid_block = last_block;
  state->tid_offset = static_cast<std::uint16_t>(offsets[count - 1]);
}

/// The prefix of every row that is long enough goes into columns, what is left into one stream.
void PageSplitter::Work::put_rows(FieldWriter& fields, PageColumnState& columns) {
  const std::uint32_t width = columns.width;
  std::uint32_t least = ~0u, rows = items.count;
  std::size_t total = 0;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    least = std::min(least, items.data_length[i]);
    total += items.data_length[i];
  }
  const std::uint32_t* offsets = items.data_offset.data();
  if (least < width) {
    rows = 0;
    for (std::uint32_t i = 0; i < items.count; ++i) {
      items.a[rows] = items.data_offset[i];
      rows += items.data_length[i] >= width ? 1u : 0u;
    }
    offsets = items.a.data();
  }
  if (rows != 0) put_columns(fields, columns, page, offsets, rows, items.b.data(), items.c.data());
  total -= std::size_t{width} * rows;
  if (total != 0) put_tails(width, total);
}

void PageSplitter::Work::put_tails(std::uint32_t width, std::size_t total) {
  auto* to = streams->add(page_stream::tail, total);
  for (std::uint32_t i = 0; i < items.count; ++i) {
    const std::uint32_t taken = items.data_length[i] >= width ? width : 0;
    const std::uint32_t from = items.data_offset[i] + taken, size = items.data_length[i] - taken;
    if (from + ((size + 31) & ~31u) + 32 <= block_size) {
      copy_wide(to, page + from, size);
    } else {
      std::memcpy(to, page + from, size);
    }
    to += size;
  }
}

}  // namespace owl::codec
