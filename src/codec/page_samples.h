#pragma once

#include <random>

#include "codec/page_checksum.h"
#include "codec/page_streams.h"

/// Pages as PostgreSQL writes them, and such as it never would, for tests and fuzz targets.
namespace owl::codec::sample {

/// std::mt19937 whose numbers have 32 bits by their type, too.
struct Random : std::mt19937 {
  using std::mt19937::mt19937;
  using result_type = std::uint32_t;
  result_type operator()() { return static_cast<result_type>(std::mt19937::operator()()); }
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return UINT32_MAX; }
};

/// Adds tuples from the top of a page down, as PageAddItem (bufpage.c) does.
class PageBuilder {
 public:
  PageBuilder(std::uint32_t block_size, std::uint32_t special_size)
      : page_(block_size), upper_(block_size - special_size), special_(upper_) {
    store<std::uint16_t>(at(page_at::size_version), static_cast<std::uint16_t>(block_size | page_layout_version));
    store<std::uint16_t>(at(page_at::special), static_cast<std::uint16_t>(special_));
  }

  std::uint8_t* at(std::size_t offset) { return page_.data() + offset; }
  std::uint8_t* special() { return at(special_); }
  std::uint32_t items() const { return static_cast<std::uint32_t>(pointers_.size()); }
  std::uint32_t free_space() const {
    return upper_ - static_cast<std::uint32_t>(page_at::items) - 4 * static_cast<std::uint32_t>(pointers_.size());
  }
  bool fits(std::size_t size) const { return aligned8(static_cast<std::uint32_t>(size)) + 4 <= free_space(); }

  void add(ByteView tuple, std::uint32_t flags = line_pointer::normal) {
    upper_ -= aligned8(static_cast<std::uint32_t>(tuple.size()));
    std::memcpy(at(upper_), tuple.data(), tuple.size());
    point(upper_, flags, static_cast<std::uint32_t>(tuple.size()));
  }
  void point(std::uint32_t offset, std::uint32_t flags, std::uint32_t length) {
    pointers_.push_back(line_pointer::make(offset, flags, length));
  }
  void leave_gap(std::uint32_t size) { upper_ -= size; }
  std::vector<std::uint32_t>& pointers() { return pointers_; }

  Bytes finish(std::uint32_t block, std::uint64_t lsn = 0x1234567890) {
    for (std::size_t i = 0; i < pointers_.size(); ++i) store(at(page_at::items + 4 * i), pointers_[i]);
    store(at(page_at::lsn), static_cast<std::uint32_t>(lsn >> 32));
    store(at(page_at::lsn + 4), static_cast<std::uint32_t>(lsn));
    store(at(page_at::lower), static_cast<std::uint16_t>(page_at::items + 4 * pointers_.size()));
    store(at(page_at::upper), static_cast<std::uint16_t>(upper_));
    store(at(page_at::checksum), page_checksum(page_, block));
    return page_;
  }

 private:
  Bytes page_;
  std::uint32_t upper_, special_;
  std::vector<std::uint32_t> pointers_;
};

inline Bytes heap_tuple(std::uint32_t xmin, std::uint32_t block, std::uint32_t item, ByteView data,
                        std::uint8_t header = 24) {
  Bytes tuple(header);
  store(tuple.data(), xmin);
  store(tuple.data() + 12, std::rotl(block, 16));
  store(tuple.data() + 16, static_cast<std::uint16_t>(item));
  store<std::uint16_t>(tuple.data() + 18, 3);       // t_infomask2: attributes
  store<std::uint16_t>(tuple.data() + 20, 0x0902);  // t_infomask
  tuple[22] = header;
  append(tuple, data);
  return tuple;
}

inline Bytes index_tuple(std::uint32_t block, std::uint32_t offset, ByteView key, std::uint32_t info = 0) {
  Bytes tuple(index_header_size);
  append(tuple, key);
  tuple.resize(aligned8(static_cast<std::uint32_t>(tuple.size())));
  store(tuple.data(), std::rotl(block, 16));
  store(tuple.data() + 4, static_cast<std::uint16_t>(offset));
  store(tuple.data() + 6, static_cast<std::uint16_t>(info | tuple.size()));
  return tuple;
}

/// As _bt_form_posting (nbtdedup.c).
inline Bytes posting_tuple(std::uint32_t block, std::uint32_t count, ByteView key) {
  Bytes tuple = index_tuple(0, 0, key);
  const auto list_at = static_cast<std::uint32_t>(tuple.size());
  tuple.resize(aligned8(list_at + count * posting_item_size));
  for (std::uint32_t i = 0; i < count; ++i) {
    store(tuple.data() + list_at + i * posting_item_size, std::rotl(block + i / 3, 16));
    store(tuple.data() + list_at + i * posting_item_size + 4, static_cast<std::uint16_t>(1 + i % 3));
  }
  store(tuple.data(), std::rotl(list_at, 16));
  store(tuple.data() + 4, static_cast<std::uint16_t>(posting_bit | count));
  store(tuple.data() + 6, static_cast<std::uint16_t>(alternative_tid | tuple.size()));
  return tuple;
}

inline Bytes random_bytes(Random& random, std::size_t size) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

/// A heap page of rows of any length, with everything that pruning and vacuum leave.
inline Bytes random_heap_page(Random& random, std::uint32_t block_size, std::uint32_t block) {
  PageBuilder builder(block_size, 0);
  const bool odd = random() % 2 == 0, fixed = random() % 2 == 0;
  while (true) {
    const std::uint8_t header = odd && random() % 8 == 0 ? static_cast<std::uint8_t>(random() % 60) : std::uint8_t{24};
    const Bytes data = random_bytes(random, fixed ? 20 : random() % 80);
    const Bytes tuple = heap_tuple(random() % 4 + 700, block + random() % 2, builder.items() + 1 + random() % 2, data,
                                   std::max<std::uint8_t>(header, 24));
    if (!builder.fits(tuple.size() + 40) || random() % 200 == 0) break;
    builder.add(tuple, odd && random() % 9 == 0 ? line_pointer::dead : line_pointer::normal);
    if (odd && random() % 9 == 0) builder.point(1 + random() % 9, line_pointer::redirect, 0);
    if (odd && random() % 9 == 0) builder.point(0, random() % 2 == 0 ? line_pointer::dead : line_pointer::unused, 0);
    if (odd && random() % 19 == 0) builder.leave_gap(8 * (random() % 3));
  }
  if (odd && random() % 2 == 0) std::shuffle(builder.pointers().begin(), builder.pointers().end(), random);
  Bytes page = builder.finish(block, random());
  if (random() % 4 == 0) {  // what an earlier tuple left
    const auto lower = load<std::uint16_t>(page.data() + page_at::lower);
    const auto upper = load<std::uint16_t>(page.data() + page_at::upper);
    for (std::size_t at = lower; at < upper; ++at) page[at] = static_cast<std::uint8_t>(at);
    store(page.data() + page_at::checksum, page_checksum(page, block));
  }
  return page;
}

/// A btree page: leaves with posting lists, inner pages with pivots, with and without high key, in any order.
inline Bytes random_btree_page(Random& random, std::uint32_t block_size, std::uint32_t block) {
  PageBuilder builder(block_size, large_special);
  store(builder.special(), block - 1);
  store(builder.special() + 4, random() % 4 == 0 ? 0u : block + 1);
  store<std::uint16_t>(builder.special() + 12, 1);  // BTP_LEAF
  const bool postings = random() % 2 == 0, sorted = random() % 2 == 0;
  std::uint32_t row = random() % 100'000;
  while (true) {
    Bytes key(8);
    store(key.data(), row += 1 + random() % 3);
    Bytes tuple = index_tuple(row / 100, 1 + row % 100, key);
    if (postings && random() % 3 == 0) tuple = posting_tuple(row, 1 + random() % 20, key);
    if (postings && random() % 9 == 0) tuple = index_tuple(row, 0x1001, key, alternative_tid);  // a pivot
    if (postings && random() % 19 == 0) tuple = index_tuple(row, random() & 0xffff, key, alternative_tid);
    if (!builder.fits(tuple.size()) || random() % 200 == 0) break;
    builder.add(tuple);
  }
  auto& pointers = builder.pointers();
  if (!sorted) std::shuffle(pointers.begin(), pointers.end(), random);
  if (sorted && random() % 2 == 0 && !pointers.empty())
    std::rotate(pointers.begin(), pointers.end() - 1, pointers.end());
  return builder.finish(block, random());
}

/// Any page of those above, or one of them with some bytes changed, or noise behind a header that looks right.
inline Bytes random_page(Random& random, std::uint32_t block_size, std::uint32_t block) {
  if (random() % 12 == 0) return Bytes(block_size);
  Bytes page =
      random() % 2 == 0 ? random_heap_page(random, block_size, block) : random_btree_page(random, block_size, block);
  const auto kind = random() % 6;
  if (kind == 0) {
    for (unsigned i = 0; i < 1 + random() % 3; ++i) {
      page[random() % (random() % 2 == 0 ? 200 : block_size)] = static_cast<std::uint8_t>(random());
    }
  } else if (kind == 1) {
    for (std::size_t at = page_at::items; at < block_size; ++at) page[at] = static_cast<std::uint8_t>(random());
  } else if (kind == 2) {
    store<std::uint16_t>(page.data() + page_at::checksum, static_cast<std::uint16_t>(random() % 3));
  }
  return page;
}

inline ColumnList random_columns(Random& random) {
  ColumnList columns;
  while (columns.count < ColumnList::largest_count && columns.width() + 8 <= ColumnList::largest_width &&
         random() % 4 != 0) {
    columns.forms[columns.count++] = static_cast<ColumnForm>(random() % column_forms);
  }
  return columns;
}

}  // namespace owl::codec::sample
