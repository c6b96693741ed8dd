#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/bytes.h"
#include "codec/wal_layout.h"

namespace owl::codec {

/// What of a stretch of WAL is not records: where they lie in it. `head` and `tail` count bytes without page headers.
struct WalFrame {
  std::uint64_t size = 0;  ///< bytes of the stretch
  std::uint32_t page_size = 0;
  std::uint64_t pages = 0;    ///< from the first on, that hold WAL; what follows them is kept as it is
  std::uint64_t head = 0;     ///< bytes of a record that began before it
  std::uint64_t tail = 0;     ///< bytes behind the last whole record, up to the end of these pages
  std::uint64_t outside = 0;  ///< bytes behind these pages; zeros follow them
};

/// Moves about in a segment's bytes without its page headers. A place is an offset in the segment that never lies in a
/// page header; the end of the last page is the only one that may lie outside.
class WalPages {
 public:
  WalPages() = default;
  /// `first_header`: bytes of the first page's header, which is a long one where a segment begins.
  WalPages(std::uint64_t size, std::uint32_t page_size, std::uint32_t first_header)
      : size_(size), page_size_(page_size), first_header_(first_header) {}

  std::uint32_t page_size() const { return page_size_; }
  std::uint32_t room(std::uint32_t at) const { return page_size_ - (at & (page_size_ - 1)); }
  std::uint64_t page_of(std::uint32_t at) const { return at / page_size_; }
  std::uint32_t first_place() const { return first_header_; }
  /// Right behind the header of a page that isn't the first?
  bool begins_page(std::uint32_t at) const {
    return (at & (page_size_ - 1)) == wal_layout::page::short_header && at >= page_size_;
  }

  /// The place that many bytes further on; the segment's size or more where that is outside.
  std::uint32_t advance(std::uint32_t at, std::uint32_t bytes) const {
    const std::uint32_t left = room(at);
    if (bytes < left) return at + bytes;
    const std::uint32_t net = page_size_ - static_cast<std::uint32_t>(wal_layout::page::short_header);
    const std::uint64_t beyond = bytes - left;
    const std::uint64_t place = at + left + beyond / net * page_size_ + wal_layout::page::short_header + beyond % net;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(place, UINT32_MAX));
  }
  /// How many bytes lie between a place and the segment's end.
  std::uint64_t left(std::uint32_t at) const {
    if (at >= size_) return 0;
    const std::uint64_t whole_pages = size_ / page_size_ - page_of(at) - 1;
    return room(at) + whole_pages * (page_size_ - wal_layout::page::short_header);
  }
  /// Calls `visit` with each contiguous part of the bytes from a place on, which must all be there.
  template <typename Visit>
  void for_each_part(std::uint32_t at, std::uint64_t bytes, Visit visit) const {
    while (bytes > 0) {
      const auto part = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, room(at)));
      visit(at, part);
      at = advance(at, part);
      bytes -= part;
    }
  }

 private:
  std::uint64_t size_ = 0;
  std::uint32_t page_size_ = 0, first_header_ = 0;
};

/// How long the header of the page is that begins there; 24 bytes are there.
inline std::uint32_t page_header_size(const std::uint8_t* page) {
  std::uint16_t info;
  std::memcpy(&info, page + wal_layout::page::info_at, sizeof(info));
  const bool is_long = (info & wal_layout::page::is_long) != 0;
  return static_cast<std::uint32_t>(is_long ? wal_layout::page::long_header : wal_layout::page::short_header);
}

/// What a page header behind the first must be, given what continues there. `pages`: where the segment's first header
/// and the page before stand, as they are.
inline std::array<std::uint8_t, wal_layout::page::short_header> predicted_page_header(const std::uint8_t* first,
                                                                                      const std::uint8_t* before,
                                                                                      std::uint64_t offset,
                                                                                      std::uint32_t remaining) {
  namespace page = wal_layout::page;
  std::array<std::uint8_t, page::short_header> out{};
  std::memcpy(out.data(), before, page::address_at);  // magic, info, timeline
  std::uint16_t info;
  std::memcpy(&info, before + page::info_at, sizeof(info));
  info = static_cast<std::uint16_t>(info & ~(page::continues | page::is_long | page::overwrites));
  info = static_cast<std::uint16_t>(info | (remaining != 0 ? page::continues : 0));
  std::memcpy(out.data() + page::info_at, &info, sizeof(info));
  std::uint64_t address;
  std::memcpy(&address, first + page::address_at, sizeof(address));
  address += offset;
  std::memcpy(out.data() + page::address_at, &address, sizeof(address));
  std::memcpy(out.data() + page::remaining_at, &remaining, sizeof(remaining));
  return out;
}

}  // namespace owl::codec
