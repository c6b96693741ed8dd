#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "codec/streams.h"

namespace owl::fuzz {

/// Streams as a splitter wrote them, then changed as the input says: what lies deep inside is reached that no mutation
/// of compressed bytes would reach. The bytes stay where they are for as long as this lives.
class EditedStreams {
 public:
  explicit EditedStreams(const codec::StreamSet& streams) {
    for (std::size_t i = 0; i < streams.count(); ++i) bytes_.push_back(to_bytes(streams.view(i)));
  }

  /// Each edit has five bytes: stream, place (two), what to do, value. Returns what is left of the input.
  ByteView edit(ByteView input, std::size_t most) {
    for (std::size_t i = 0; i < most && input.size() >= 5; ++i, input = input.subspan(5)) {
      auto& stream = bytes_[input[0] % bytes_.size()];
      const std::size_t place = input[1] + 256u * input[2];
      apply(stream, place, input[3], input[4]);
    }
    return input;
  }

  std::vector<ByteView> views() {
    std::vector<ByteView> out;
    for (auto& stream : bytes_) {
      const std::size_t size = stream.size();
      stream.resize(size + codec::stream_slack);
      out.push_back(ByteView(stream).first(size));
    }
    return out;
  }

 private:
  static void apply(Bytes& stream, std::size_t place, std::uint8_t action, std::uint8_t value) {
    if (action % 4 == 3) return stream.insert(stream.end(), action / 4u, value), void();
    if (stream.empty()) return;
    place %= stream.size();
    if (action % 4 == 0) stream[place] = value;
    if (action % 4 == 1) stream[place] ^= value;
    if (action % 4 == 2) stream.resize(place);
  }

  std::vector<Bytes> bytes_;
};

}  // namespace owl::fuzz
