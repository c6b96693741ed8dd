#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "codec/wal_pages.h"

namespace owl::codec {

/// Lays bytes out over a segment's pages, whose headers it makes; or compares them with a segment that is there. Never
/// goes beyond the segment: `ok` says no from then on.
class WalSink {
 public:
  /// Headers of `odd_pages` (in ascending order) are taken from `odd_headers` one after the other.
  static WalSink writing(MutableBytes segment, std::uint32_t page_size, std::span<const std::uint32_t> odd_pages,
                         const std::uint8_t* odd_headers) {
    return {segment.data(), segment.data(), segment.size(), page_size, odd_pages, odd_headers};
  }
  static WalSink comparing(ByteView segment, std::uint32_t page_size, std::span<const std::uint32_t> odd_pages,
                           const std::uint8_t* odd_headers) {
    return {nullptr, segment.data(), segment.size(), page_size, odd_pages, odd_headers};
  }

  bool compares() const { return out_ == nullptr; }
  bool ok() const { return ok_; }
  void fail() { ok_ = false; }
  std::size_t position() const { return at_; }
  /// Where the next byte goes, behind the header of a page that begins there.
  std::uint64_t place() const { return at_page_start() ? at_ + wal_layout::page::short_header : at_; }

  /// What comes next has that many bytes, and a page that it reaches into says how many of them are still to come.
  void begin(std::uint64_t total) {
    total_ = total;
    done_ = 0;
  }
  void put(const std::uint8_t* from, std::size_t size) {
    while (size > 0) {
      if (at_page_start()) put_page_header();
      const std::size_t room = page_size_ - (at_ & (page_size_ - 1));
      const std::size_t part = std::min(size, room);
      put_here(from, part);
      if (!ok_) return;
      from += part;
      size -= part;
      done_ += part;
    }
  }
  /// Steps over bytes that are known to be right; only where it compares.
  void skip(std::size_t size) {
    while (size > 0) {
      if (at_page_start()) put_page_header();
      const std::size_t part = std::min(size, page_size_ - (at_ & (page_size_ - 1)));
      if (part > size_ - at_) ok_ = false;
      if (!ok_) return;
      at_ += part;
      done_ += part;
      size -= part;
    }
  }
  /// As they are, over page headers too.
  void put_here(const std::uint8_t* from, std::size_t size) {
    if (size > size_ - at_) {
      ok_ = false;
      return;
    }
    if (out_ != nullptr) {
      std::memcpy(out_ + at_, from, size);
    } else if (std::memcmp(segment_ + at_, from, size) != 0) {
      ok_ = false;
      return;
    }
    at_ += size;
  }
  /// To the segment's end.
  void put_zeros() {
    if (out_ != nullptr) {
      std::memset(out_ + at_, 0, size_ - at_);
    } else if (!all_zero({segment_ + at_, size_ - at_})) {
      ok_ = false;
    }
    at_ = size_;
  }
  bool all_odd_pages_used() const { return odd_pages_.empty(); }

 private:
  WalSink(std::uint8_t* out, const std::uint8_t* segment, std::size_t size, std::uint32_t page_size,
          std::span<const std::uint32_t> odd_pages, const std::uint8_t* odd_headers)
      : out_(out),
        segment_(segment),
        size_(size),
        page_size_(page_size),
        odd_pages_(odd_pages),
        odd_headers_(odd_headers) {}

  bool at_page_start() const { return (at_ & (page_size_ - 1)) == 0; }

  void put_page_header() {
    if (at_ >= size_) {
      ok_ = false;
      return;
    }
    if (!odd_pages_.empty() && odd_pages_.front() == at_ / page_size_) {
      put_here(odd_headers_, wal_layout::page::short_header);
      odd_headers_ += wal_layout::page::short_header;
      odd_pages_ = odd_pages_.subspan(1);
      return;
    }
    const std::uint64_t remaining = done_ == 0 || done_ >= total_ ? 0 : total_ - done_;
    const auto header =
        predicted_page_header(segment_, segment_ + at_ - page_size_, at_, static_cast<std::uint32_t>(remaining));
    put_here(header.data(), header.size());
  }

  std::uint8_t* out_;
  const std::uint8_t* segment_;  ///< the same, or what is compared with
  std::size_t size_;
  std::size_t page_size_;
  std::span<const std::uint32_t> odd_pages_;
  const std::uint8_t* odd_headers_;
  std::size_t at_ = 0;
  std::uint64_t total_ = 0, done_ = 0;
  bool ok_ = true;
};

}  // namespace owl::codec
