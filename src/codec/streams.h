#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace owl::codec {

/// Readable (and, in a StreamSet, writable) bytes behind the end of every stream: copies may be rounded up to whole
/// vectors.
inline constexpr std::size_t stream_slack = 64;

/// Streams of bytes, known by number, each growing at its own end: what a splitter writes like next to like. Memory is
/// kept from use to use. One thread at a time.
class StreamSet {
 public:
  explicit StreamSet(std::size_t count) : streams_(count) {}

  std::size_t count() const { return streams_.size(); }

  /// Where the next `size` bytes of a stream go; up to `stream_slack` bytes more may be overwritten. They belong to the
  /// stream once `commit` says how many they are.
  std::uint8_t* room(std::size_t number, std::size_t size) {
    auto& stream = streams_[number];
    if (stream.free <= size) grow(stream, size);
    return stream.end;
  }
  /// At most what `room` was asked for.
  void commit(std::size_t number, std::size_t size) {
    auto& stream = streams_[number];
    stream.end += size;
    stream.free -= size;
  }
  /// Both in one.
  std::uint8_t* add(std::size_t number, std::size_t size) {
    auto* const at = room(number, size);
    commit(number, size);
    return at;
  }
  void byte(std::size_t number, std::uint8_t value) { *add(number, 1) = value; }
  void varint(std::size_t number, std::uint64_t value) {  ///< unsigned LEB128
    auto* const at = room(number, 10);
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7) at[size++] = static_cast<std::uint8_t>(value | 0x80);
    at[size++] = static_cast<std::uint8_t>(value);
    commit(number, size);
  }
  void bytes(std::size_t number, ByteView value) {
    if (!value.empty()) std::memcpy(add(number, value.size()), value.data(), value.size());
  }

  /// Good until the stream grows.
  ByteView view(std::size_t number) const {
    const auto& stream = streams_[number];
    return {stream.begin.get(), static_cast<std::size_t>(stream.end - stream.begin.get())};
  }
  std::size_t total_size() const;
  /// Empties all; memory beyond `kept_bytes` in all is given back.
  void clear(std::size_t kept_bytes = std::size_t{16} << 20);

 private:
  struct Stream {
    std::unique_ptr<std::uint8_t[]> begin;
    std::uint8_t* end = nullptr;
    std::size_t free = 0;  ///< bytes behind `end`, without the slack
    std::size_t capacity = 0;
  };
  static void grow(Stream& stream, std::size_t size);

  std::vector<Stream> streams_;
};

/// Reads streams back, from bytes that nobody vouches for. Failure is sticky, as BinaryReader's is: whoever takes more
/// than there is gets zeros, and `ok` says no from then on. One thread at a time.
class StreamReader {
 public:
  /// The most that `take` can be asked for.
  static constexpr std::size_t largest_take = 256u << 10;

  /// Every view must have `stream_slack` readable bytes behind it, and outlive the reading.
  void reset(std::span<const ByteView> streams) {
    left_.assign(streams.begin(), streams.end());
    ok_ = true;
  }

  /// The next `size` bytes, with `stream_slack` readable ones behind them.
  const std::uint8_t* take(std::size_t number, std::size_t size) {
    auto& left = left_[number];
    if (size > left.size()) return failed(size);
    const auto* const at = left.data();
    left = left.subspan(size);
    return at != nullptr ? at : failed_take(size);
  }
  /// As `take`, of any size; empty after a failure.
  ByteView view(std::size_t number, std::size_t size);
  std::uint8_t byte(std::size_t number) { return *take(number, 1); }
  std::uint64_t varint(std::size_t number);  ///< fails on one that is no number of 64 bits in its shortest form

  std::size_t left(std::size_t number) const { return left_[number].size(); }
  void fail() { ok_ = false; }
  bool ok() const { return ok_; }
  /// Nothing failed, and nothing is left over.
  bool finished() const;

 private:
  const std::uint8_t* failed(std::size_t size);
  static const std::uint8_t* failed_take(std::size_t size);

  std::vector<ByteView> left_;
  bool ok_ = true;
};

}  // namespace owl::codec
