#pragma once

#include <algorithm>
#include <vector>

#include "base/binary.h"
#include "codec/hash.h"
#include "postgres/layout.h"
#include "postgres/types.h"

namespace owl::postgres {

/// Writes WAL as PostgreSQL lays it out, for tests: records of any kind and size, over pages and segments, and the
/// accidents that real servers produce but rarely.
class WalBuilder {
 public:
  static constexpr std::uint32_t segment_size = 1 << 20, page_size = 8192;

  struct Options {
    int major = 15;
    TimelineId timeline = 1;
    std::uint64_t first_segment = 3;
    SystemId system_id = 42;
  };
  WalBuilder() : WalBuilder(Options{}) {}
  explicit WalBuilder(Options options) : options_(options), position_{options.first_segment * segment_size} {}

  struct Record {
    std::uint8_t resource_manager = 10, info = 0;
    TransactionId xid = 700;
    Bytes fragments = {};  ///< headers of blocks, origin and so on
    Bytes main_data = {};
    Bytes block_data = {};  ///< what the fragments announce
  };
  /// Appends a record; where it begins.
  Lsn add(const Record& record) {
    const Lsn lsn = next_record();
    write(encode(record), lsn);
    return lsn;
  }
  /// A record with that much main data.
  Lsn add_sized(std::size_t main_size, std::uint8_t fill = 0xab) { return add({.main_data = Bytes(main_size, fill)}); }
  /// XLOG SWITCH: the rest of the segment stays zero.
  Lsn add_switch() {
    const Lsn lsn = add({.resource_manager = 0, .info = 0x40, .xid = 0});
    position_ = {(position_.value + segment_size - 1) / segment_size * segment_size};
    return lsn;
  }
  /// Begins a record that a crash cuts off at the next page, as recovery leaves it: that page is marked, and another
  /// record stands there.
  void add_cut_off(std::size_t main_size) {
    const Lsn lsn = next_record();
    const Lsn before = previous_;
    const Bytes bytes = encode({.main_data = Bytes(main_size, 0xcd)});
    const std::size_t room = page_size - lsn.value % page_size;
    put(ByteView(bytes).first(room));
    previous_ = before;
    mark_next_page_ = true;
  }
  /// Advances so that the next record begins `left` bytes before a page's end; `left` is a multiple of 8.
  void fill_page_until(std::size_t left) {
    const Lsn lsn = next_record();
    std::size_t room = page_size - lsn.value % page_size - left;
    if (room < 32) room += page_size - 24;
    add({.main_data = Bytes(room - 24 - (room - 24 > 257 ? 5 : 2), 0x77)});
  }

  Lsn position() const { return position_; }
  SegmentId id_of(std::size_t index) const { return {options_.timeline, options_.first_segment + index}; }
  /// Whole segments; what was not written is zero.
  std::vector<Bytes>& segments() { return segments_; }
  void set_timeline(TimelineId timeline) { options_.timeline = timeline; }

  Bytes encode(const Record& record) {
    Bytes bytes;
    BinaryWriter out(bytes);
    const std::size_t main_size = record.main_data.size();
    const std::size_t main_header = main_size == 0 ? 0 : main_size < 256 ? 2 : 5;
    out.u32(
        static_cast<std::uint32_t>(24 + record.fragments.size() + main_header + record.block_data.size() + main_size));
    out.u32(record.xid);
    out.u64(previous_.value);
    out.u8(record.info);
    out.u8(record.resource_manager);
    out.u16(0);
    out.u32(0);
    out.raw(record.fragments);
    if (main_header == 2) {
      out.u8(255);
      out.u8(static_cast<std::uint8_t>(main_size));
    } else if (main_header == 5) {
      out.u8(254);
      out.u32(static_cast<std::uint32_t>(main_size));
    }
    out.raw(record.block_data);
    out.raw(record.main_data);
    set_crc(bytes);
    return bytes;
  }

  static void set_crc(Bytes& record) {
    const std::uint32_t crc = codec::crc32c(ByteView(record).subspan(24));
    set_field(MutableBytes(record), 20, codec::crc32c(ByteView(record).first(20), crc));
  }

 private:
  std::uint16_t magic() const {
    constexpr std::uint16_t magics[] = {0xD106, 0xD10D, 0xD110, 0xD113, 0xD116, 0xD118};
    return magics[options_.major - 13];
  }

  std::uint8_t* byte_at(Lsn lsn) {
    const std::size_t index = lsn.value / segment_size - options_.first_segment;
    while (segments_.size() <= index) segments_.emplace_back(segment_size);
    return segments_[index].data() + lsn.value % segment_size;
  }

  /// Writes the header of the page that begins at the position, and steps over it.
  void begin_page(std::uint32_t remaining) {
    const bool is_long = position_.value % segment_size == 0;
    Bytes header;
    BinaryWriter out(header);
    out.u16(magic());
    out.u16(static_cast<std::uint16_t>((remaining > 0 ? 1 : 0) | (is_long ? 2 : 0) | (mark_next_page_ ? 8 : 0)));
    out.u32(options_.timeline);
    out.u64(position_.value);
    out.u64(remaining);
    if (is_long) {
      out.u64(options_.system_id);
      out.u32(segment_size);
      out.u32(page_size);
    }
    mark_next_page_ = false;
    std::ranges::copy(header, byte_at(position_));
    position_ = position_ + header.size();
  }

  Lsn next_record() {
    position_ = {aligned(position_.value)};
    if (position_.value % page_size == 0) begin_page(0);
    return position_;
  }

  void put(ByteView bytes) {
    while (!bytes.empty()) {
      if (position_.value % page_size == 0) begin_page(static_cast<std::uint32_t>(bytes.size()));
      const std::size_t room = page_size - position_.value % page_size;
      const auto part = bytes.first(std::min(room, bytes.size()));
      std::ranges::copy(part, byte_at(position_));
      position_ = position_ + part.size();
      bytes = bytes.subspan(part.size());
    }
  }

  void write(const Bytes& record, Lsn lsn) {
    put(record);
    position_ = {aligned(position_.value)};
    previous_ = lsn;
  }

  Options options_;
  Lsn position_, previous_;
  bool mark_next_page_ = false;
  std::vector<Bytes> segments_;
};

}  // namespace owl::postgres
