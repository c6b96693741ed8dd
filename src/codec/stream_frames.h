#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "codec/streams.h"

namespace owl::codec {

/// Streams as zstd frames, like beside like (docs/format/codecs.md, "Stream frames"): a stream of one byte over and
/// over costs about three bytes; streams too small for a frame go together; others share a frame with those of a
/// similar entropy, and what looks random is stored as it is. One thread at a time; memory is kept from call to call.
class StreamFramesEncoder {
 public:
  /// `groups` has one number for each stream: 0 lets its bytes decide; streams with the same other number share a frame
  /// of their own, in the order of their numbers.
  StreamFramesEncoder(int zstd_level, std::vector<std::uint8_t> groups);
  StreamFramesEncoder(StreamFramesEncoder&&) noexcept;
  ~StreamFramesEncoder();

  /// The most that `encode` may write for streams of that many bytes in all.
  std::size_t bound(std::size_t total_size) const;
  /// Writes all streams (as many as there are groups) into `out`, which has at least `bound` bytes; returns how many
  /// bytes they took.
  std::size_t encode(const StreamSet& streams, MutableBytes out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The inverse. One thread at a time; memory is kept from call to call.
class StreamFramesDecoder {
 public:
  StreamFramesDecoder();
  StreamFramesDecoder(StreamFramesDecoder&&) noexcept;
  ~StreamFramesDecoder();

  /// All streams, good until the next call; numbers go up to `count` - 1, and each has `stream_slack` readable bytes
  /// behind it. Fails on what is malformed, is not wholly used, or says that it holds more than `limit` bytes in all;
  /// allocates no more than that and some KiB.
  Result<std::span<const ByteView>> decode(ByteView encoded, std::size_t count, std::size_t limit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::codec
