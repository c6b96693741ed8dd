#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace owl {

/// Appends little-endian integers, LEB128 varints and length-prefixed bytes: the vocabulary of docs/format.md.
class BinaryWriter {
 public:
  explicit BinaryWriter(Bytes& out) : out_(out) {}

  template <std::unsigned_integral T>
  void fixed(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void u8(std::uint8_t value) { fixed(value); }
  void u16(std::uint16_t value) { fixed(value); }
  void u32(std::uint32_t value) { fixed(value); }
  void u64(std::uint64_t value) { fixed(value); }
  void varint(std::uint64_t value);        ///< unsigned LEB128
  void signed_varint(std::int64_t value);  ///< zigzag, then LEB128
  void raw(ByteView bytes) { append(out_, bytes); }
  void bytes(ByteView value);  ///< varint length, then the bytes
  void text(std::string_view value) { bytes(as_bytes(value)); }
  std::size_t position() const { return out_.size(); }

 private:
  Bytes& out_;
};

/// Reads what BinaryWriter wrote, from bytes that nobody vouches for. Failure is sticky: after the first short or
/// malformed read every further read returns zero or empty, and `status` tells. A parser reads a whole structure and
/// checks once; loops over a count that was read must be bounded by `remaining` (see `count`).
/// Views it returns point into the input.
class BinaryReader {
 public:
  explicit BinaryReader(ByteView input) : input_(input) {}

  template <std::unsigned_integral T>
  T fixed() {
    const auto bytes = raw(sizeof(T));
    return bytes.empty() ? T{0} : little_endian<T>(bytes);
  }
  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::uint64_t varint();
  std::int64_t signed_varint();
  ByteView raw(std::size_t size) {
    if (!ok_ || size > remaining()) {
      ok_ = false;
      return {};
    }
    const auto view = input_.subspan(position_, size);
    position_ += size;
    return view;
  }
  ByteView bytes();
  std::string text() { return std::string(as_text(bytes())); }
  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> out{};
    const auto view = raw(N);
    std::ranges::copy(view, out.begin());
    return out;
  }
  /// A number of items that follow, each at least `min_item_size` bytes: fails when they can't all be there, so that a
  /// hostile count can't make the caller allocate.
  std::size_t count(std::size_t min_item_size);

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return input_.size() - position_; }
  bool ok() const { return ok_; }
  void fail() { ok_ = false; }
  /// Success only if nothing failed and every byte was read. `what` names the structure in the error.
  Result<void> finish(std::string_view what) const;
  /// Success if nothing failed so far.
  Result<void> status(std::string_view what) const;

 private:
  /// One load where the machine has that order: a loop over the bytes costs several times as much.
  template <std::unsigned_integral T>
  static T little_endian(ByteView bytes) {
    T value;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&value, bytes.data(), sizeof(T));
    } else {
      value = 0;
      for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>(value << 8 | bytes[i]);
    }
    return value;
  }

  ByteView input_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace owl
