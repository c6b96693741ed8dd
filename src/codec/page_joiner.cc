#include "codec/page_joiner.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "codec/page_checksum.h"
#include "codec/page_fields.h"
#include "codec/page_shape.h"
#include "codec/small_copy.h"

namespace owl::codec {
namespace {

constexpr std::uint32_t word_of(std::uint32_t block) {
  return std::rotl(block, 16);
}

}  // namespace

struct PageJoiner::Work {
  explicit Work(std::uint32_t block_size_) : block_size(block_size_) {}

  void join(std::uint8_t* page_, std::uint32_t block_);
  void take_page(std::uint8_t kind);
  bool take_header(std::uint8_t kind, std::uint8_t flags);
  void take_special();
  bool take_pointers(std::uint8_t kind);
  bool follow_lengths(bool first_lowest);
  bool follow_told();
  void write_pointers();
  void take_gaps();
  void write_header(std::uint8_t flags);
  bool take_heap();
  void write_heap_headers();
  bool take_null_bitmaps();
  bool take_index();
  bool take_alternatives();
  void write_alternatives();
  bool take_tids(std::uint32_t* blocks, std::uint32_t* offsets, std::uint32_t count);
  bool take_rows(FieldReader& fields, PageColumnState& columns);

  const std::uint32_t block_size;
  PageItems items;
  PageShape shape;
  // Of the page at hand.
  std::uint8_t* page = nullptr;
  std::uint32_t block = 0;
  std::size_t hole_stream = 0;
  PageState* state = nullptr;
  StreamReader* reader = nullptr;
};

PageJoiner::PageJoiner(std::uint32_t block_size) : work_(std::make_unique<Work>(block_size)) {
  OWL_CHECK(is_page_size(block_size), "a page of a size that PostgreSQL does not have");
}
PageJoiner::PageJoiner(PageJoiner&&) noexcept = default;
PageJoiner::~PageJoiner() = default;

void PageJoiner::join(StreamReader& reader, std::uint32_t block, PageSplitter::Holes holes, PageState& state,
                      std::uint8_t* page) {
  work_->hole_stream = holes == PageSplitter::Holes::apart ? page_stream::hole : page_stream::tail;
  work_->state = &state;
  work_->reader = &reader;
  work_->join(page, block);
}

void PageJoiner::Work::join(std::uint8_t* page_, std::uint32_t block_) {
  page = page_;
  block = block_;
  const std::uint8_t kind = reader->byte(page_stream::meta);
  switch (kind & page_meta::kind_mask) {
    case page_meta::raw:
      std::memcpy(page, reader->take(page_stream::raw, block_size), block_size);
      return;
    case page_meta::zeros:
      std::memset(page, 0, block_size);
      return;
    default:
      take_page(kind);
  }
}

void PageJoiner::Work::take_page(std::uint8_t kind) {
  const std::uint8_t flags = reader->byte(page_stream::meta);
  std::memset(page, 0, block_size);
  shape = {};
  shape.heap = (kind & page_meta::kind_mask) == page_meta::heap;
  if (!take_header(kind, flags)) return reader->fail();
  if (items.line_pointers != 0 && !take_pointers(kind)) return reader->fail();
  if (shape.lower > shape.upper) return reader->fail();
  if ((kind & page_meta::hole) != 0) {
    const std::uint32_t size = shape.upper - shape.lower;
    std::memcpy(page + shape.lower, reader->take(hole_stream, size), size);
  }
  if ((kind & page_meta::gaps) != 0) take_gaps();
  if (items.line_pointers != 0) write_pointers();
  if (items.count != 0 && !(shape.heap ? take_heap() : take_index())) return reader->fail();
  write_header(flags);
}

/// Of the header what comes before the line pointers. False: it can't be so.
bool PageJoiner::Work::take_header(std::uint8_t kind, std::uint8_t flags) {
  items.line_pointers = reader->byte(page_stream::counts_low);
  items.line_pointers |= std::uint32_t{reader->byte(page_stream::counts_high)} << 8;
  items.count = 0;
  state->lsn += unzigzag(reader->varint(page_stream::lsn));
  if ((flags & page_flag::flags_changed) != 0) {
    state->flags = static_cast<std::uint16_t>(reader->varint(page_stream::odds));
  }
  if ((flags & page_flag::prune_xid_changed) != 0) {
    state->prune_xid += unzigzag(static_cast<std::uint32_t>(reader->varint(page_stream::odds)));
  }
  shape.special = block_size;
  if (!shape.heap) shape.special -= (flags & page_flag::small_special) != 0 ? small_special : large_special;
  shape.lower = static_cast<std::uint32_t>(page_at::items) + 4 * items.line_pointers;
  shape.general = (kind & page_meta::general) != 0;
  // Items that follow from their lengths leave no gaps, and where they begin is not noted.
  if ((kind & page_meta::gaps) != 0 && !shape.general) return false;
  if (shape.general) {
    const std::uint64_t used = reader->varint(page_stream::odds);
    if (used > shape.special / 8) return false;
    shape.upper = shape.special - static_cast<std::uint32_t>(used * 8);
  }
  if (!shape.heap) take_special();
  return shape.lower <= shape.special && (shape.general || items.line_pointers != 0);
}

void PageJoiner::Work::take_special() {
  auto* const at = page + shape.special;
  if (shape.special != block_size - large_special) {
    std::memcpy(at, reader->take(page_stream::special, small_special), small_special);
    return;
  }
  for (std::size_t link = 0; link < 2; ++link) {
    store(at + 4 * link, unzigzag(static_cast<std::uint32_t>(reader->varint(page_stream::special))) + block);
  }
  store(at + 8, static_cast<std::uint32_t>(reader->varint(page_stream::special)));
  std::memcpy(at + 12, reader->take(page_stream::special, 4), 4);
  shape.btree = load<std::uint16_t>(at + 14) < least_page_id;
  shape.high_key = shape.btree && load<std::uint32_t>(at + 4) != 0;
}

/// All items' lengths and places; afterwards every item with bytes lies between pd_upper and pd_special, is long enough
/// for its header, and together they are no longer than that space.
bool PageJoiner::Work::take_pointers(std::uint8_t kind) {
  FieldReader fields(*reader, *state);
  fields.take(PageField::length, items.length.data(), items.line_pointers);
  if (!shape.general) return follow_lengths((kind & page_meta::first_lowest) != 0);
  fields.take(PageField::pointer, items.a.data(), items.line_pointers);
  return follow_told();
}

bool PageJoiner::Work::follow_lengths(bool first_lowest) {
  std::uint32_t below = shape.special, least = ~0u;
  const std::uint32_t first = first_lowest && items.line_pointers > 1 ? 1u : 0u;
  // The lengths add up to 8,192 x 32 KiB at most, so that what is below zero is far above pd_special.
  for (std::uint32_t i = first; i < items.line_pointers; ++i) {
    items.length[i] &= 0x7fff;
    least = std::min(least, items.length[i]);
    below -= aligned8(items.length[i]);
    items.offset[i] = below;
  }
  if (first != 0) {
    items.length[0] &= 0x7fff;
    least = std::min(least, items.length[0]);
    below -= aligned8(items.length[0]);
    items.offset[0] = below;
  }
  std::fill_n(items.flags.begin(), items.line_pointers, line_pointer::normal);
  shape.upper = below;
  return below <= shape.special && below >= shape.lower && least >= header_size(shape.heap);
}

bool PageJoiner::Work::follow_told() {
  items.taken.fill(0);
  std::uint32_t above = shape.special, total = 0;
  for (std::uint32_t i = 0; i < items.line_pointers; ++i) {
    const std::uint32_t length = items.length[i] &= 0x7fff;
    const std::uint32_t flags = items.flags[i] = items.a[i] >> 16 & 3;
    std::uint32_t offset = items.a[i] & 0xffff;
    if (!has_bytes(flags, length)) {
      items.offset[i] = (flags == line_pointer::redirect ? offset + i : offset) & 0x7fff;
      continue;
    }
    offset = (above - aligned8(length) + offset * 8) & 0x7fff;
    if (offset < shape.upper || offset + length > shape.special || length < header_size(shape.heap)) return false;
    items.taken[offset >> 9] |= std::uint64_t{1} << (offset >> 3 & 63);
    items.offset[i] = above = offset;
    total += aligned8(length);
  }
  return total <= shape.special - shape.upper;
}

/// Then only items with bytes are left, in the order of the streams.
void PageJoiner::Work::write_pointers() {
  for (std::uint32_t i = 0; i < items.line_pointers; ++i) {
    store(page + page_at::items + 4 * std::size_t{i},
          line_pointer::make(items.offset[i], items.flags[i], items.length[i]));
  }
  if (shape.general) {
    keep_items_with_bytes(items);
  } else {
    for (std::uint32_t i = 0; i < items.line_pointers; ++i) items.number[i] = i + 1;
    items.count = items.line_pointers;
  }
  if (shape.high_key) put_first_last(items);
}

void PageJoiner::Work::take_gaps() {
  for_each_gap(shape, items, [&](std::uint32_t from, std::uint32_t end) {
    std::memcpy(page + from, reader->take(hole_stream, end - from), end - from);
  });
}

/// Last of all: the checksum is of the whole page.
void PageJoiner::Work::write_header(std::uint8_t flags) {
  store(page + page_at::lsn, static_cast<std::uint32_t>(state->lsn >> 32));
  store(page + page_at::lsn + 4, static_cast<std::uint32_t>(state->lsn));
  store(page + page_at::flags, state->flags);
  store(page + page_at::lower, static_cast<std::uint16_t>(shape.lower));
  store(page + page_at::upper, static_cast<std::uint16_t>(shape.upper));
  store(page + page_at::special, static_cast<std::uint16_t>(shape.special));
  store(page + page_at::size_version, static_cast<std::uint16_t>(block_size | page_layout_version));
  store(page + page_at::prune_xid, state->prune_xid);
  std::uint16_t checksum = 0;
  if ((flags & page_flag::checksum_told) != 0) {
    checksum = load<std::uint16_t>(reader->take(page_stream::checksum, 2));
  } else if ((flags & page_flag::checksum_zero) == 0) {
    checksum = page_checksum({page, block_size}, block);
  }
  store(page + page_at::checksum, checksum);
}

bool PageJoiner::Work::take_heap() {
  FieldReader fields(*reader, *state);
  fields.take(PageField::xmax, items.b.data(), items.count);
  fields.take(PageField::command, items.c.data(), items.count);
  fields.take(PageField::ctid_block, items.d.data(), items.count);
  fields.take(PageField::ctid_rest, items.e.data(), items.count);
  fields.take(PageField::infomask, items.f.data(), items.count);
  if (fields.take(PageField::xmin, items.a.data(), items.count)) {
    from_deltas(items.a.data(), items.count, state->xmin);
  }
  state->xmin = items.a[items.count - 1];
  write_heap_headers();
  return take_null_bitmaps() && take_rows(fields, state->heap_columns);
}

void PageJoiner::Work::write_heap_headers() {
  for (std::uint32_t i = 0; i < items.count; ++i) {
    auto* const tuple = page + items.offset[i];
    store(tuple, items.a[i]);
    store(tuple + 4, items.b[i]);
    store(tuple + 8, items.c[i]);
    store(tuple + 12, word_of(unzigzag(items.d[i]) + block));
    store(tuple + 16, (items.e[i] & 0xffff0000u) | ((items.e[i] + items.number[i]) & 0xffffu));
    store(tuple + 20, items.f[i]);
  }
}

/// And finds where the data of every tuple begins.
bool PageJoiner::Work::take_null_bitmaps() {
  for (std::uint32_t i = 0; i < items.count; ++i) {
    std::uint32_t header = items.f[i] >> 16 & 0xff;
    if (header < heap_header_size || header > items.length[i]) header = heap_header_size;
    items.data_offset[i] = items.offset[i] + header;
    items.data_length[i] = items.length[i] - header;
    if (header == heap_header_size) continue;
    const std::uint32_t size = header - heap_header_size;
    copy_small(page + items.offset[i] + heap_header_size, reader->take(page_stream::nulls, size), size);
  }
  return reader->ok();
}

bool PageJoiner::Work::take_index() {
  FieldReader fields(*reader, *state);
  fields.take(PageField::tuple_info, items.c.data(), items.count);
  std::uint32_t any = 0;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    any |= items.c[i];
    items.data_offset[i] = items.offset[i] + index_header_size;
    items.data_length[i] = items.length[i] - index_header_size;
  }
  if (shape.btree && (any & alternative_tid) != 0)
    return take_alternatives() && take_rows(fields, state->index_columns);
  if (!take_tids(items.a.data(), items.b.data(), items.count)) return false;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    const std::uint32_t rest = (items.b[i] & 0xffff) | (items.c[i] ^ items.length[i]) << 16;
    store(page + items.offset[i], std::uint64_t{word_of(items.a[i])} | std::uint64_t{rest} << 32);
  }
  return take_rows(fields, state->index_columns);
}

bool PageJoiner::Work::take_alternatives() {
  auto& [line_pointers, count, offset, length, number, flags, data_offset, data_length, tid_blocks, tid_offsets, info,
         postings, pivots, pivot_offsets, taken] = items;
  FieldReader fields(*reader, *state);
  std::uint32_t alternatives = 0, pivot_count = 0;
  for (std::uint32_t i = 0; i < count; ++i) alternatives += info[i] >> 13 & 1;
  fields.take(PageField::posting_count, postings.data(), alternatives);
  for (std::uint32_t i = 0; i < alternatives; ++i) pivot_count += postings[i] == 0 ? 1u : 0u;
  std::uint32_t tids = count - alternatives;
  for (std::uint32_t i = 0, at = 0; i < count; ++i) {
    if ((info[i] & alternative_tid) == 0) continue;
    const std::uint32_t posting = postings[at++];
    // Together they are no longer than the page: so all find room.
    if (posting > (length[i] - index_header_size) / posting_item_size) return false;
    tids += posting;
  }
  if (pivot_count != 0) {
    fields.take(PageField::pivot_offset, pivot_offsets.data(), pivot_count);
    fields.take(PageField::pivot_block, pivots.data(), pivot_count);
    state->pivot_block = from_deltas(pivots.data(), pivot_count, state->pivot_block);
  }
  if (tids != 0 && !take_tids(items.a.data(), items.b.data(), tids)) return false;
  write_alternatives();
  return reader->ok();
}

/// Headers of index tuples where some hold posting lists or point to no row.
void PageJoiner::Work::write_alternatives() {
  const std::uint32_t *tid_blocks = items.a.data(), *tid_offsets = items.b.data(), *posting = items.d.data();
  const std::uint32_t *pivots = items.e.data(), *pivot_offsets = items.f.data();
  for (std::uint32_t i = 0; i < items.count; ++i) {
    auto* const tuple = page + items.offset[i];
    std::uint32_t place, rest;
    if ((items.c[i] & alternative_tid) == 0) {
      place = *tid_blocks++;
      rest = *tid_offsets++;
    } else if (const std::uint32_t count = *posting++; count == 0) {
      place = *pivots++;
      rest = *pivot_offsets++;
    } else {
      place = (items.length[i] - count * posting_item_size) & ~7u;
      rest = posting_bit | count;
      items.data_length[i] = place - index_header_size;
      auto* to = tuple + place;
      for (std::uint32_t k = 0; k < count; ++k, to += posting_item_size) {
        store(to, word_of(*tid_blocks++));
        store(to + 4, static_cast<std::uint16_t>(*tid_offsets++));
      }
    }
    rest = (rest & 0xffff) | (items.c[i] ^ items.length[i]) << 16;
    store(tuple, std::uint64_t{word_of(place)} | std::uint64_t{rest} << 32);
  }
}

bool PageJoiner::Work::take_tids(std::uint32_t* blocks, std::uint32_t* offsets, std::uint32_t count) {
  FieldReader fields(*reader, *state);
  const bool deltas = fields.take(PageField::tid_block, blocks, count);
  fields.take(PageField::tid_offset, offsets, count);
  if (deltas) {
    std::uint32_t block_before = state->tid_block, offset_before = state->tid_offset;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t expected = blocks[i] == 0 ? offset_before + 1 : 1;
      blocks[i] = block_before += unzigzag(blocks[i]);
      offsets[i] = offset_before = (offsets[i] + expected) & 0xffff;
    }
  }
  state->tid_block = blocks[count - 1];
  state->tid_offset = static_cast<std::uint16_t>(offsets[count - 1]);
  return reader->ok();
}

bool PageJoiner::Work::take_rows(FieldReader& fields, PageColumnState& columns) {
  const std::uint32_t width = columns.width;
  std::uint32_t rows = 0;
  std::size_t total = 0;
  for (std::uint32_t i = 0; i < items.count; ++i) {
    const bool wide = items.data_length[i] >= width;
    items.a[rows] = items.data_offset[i];
    rows += wide ? 1u : 0u;
    total += items.data_length[i] - (wide ? width : 0);
  }
  if (rows != 0) take_columns(fields, columns, page, items.a.data(), rows, items.b.data(), items.c.data());
  if (total == 0) return reader->ok();
  const std::uint8_t* from = reader->take(page_stream::tail, total);
  for (std::uint32_t i = 0; i < items.count; ++i) {
    const std::uint32_t done = items.data_length[i] >= width ? width : 0;
    const std::uint32_t size = items.data_length[i] - done;
    copy_small(page + items.data_offset[i] + done, from, size);
    from += size;
  }
  return reader->ok();
}

}  // namespace owl::codec
