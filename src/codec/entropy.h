#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace owl::codec {

/// How often each byte occurs in a sample of at most `most` bytes. A value.
class ByteHistogram {
 public:
  static constexpr std::size_t most = 1024;

  void add(std::uint8_t byte) {
    ++counts_[byte];
    ++total_;
  }
  /// What a byte takes at least if it is coded by itself, in 1/256 bits; 0 for an empty sample.
  unsigned bits() const;

 private:
  std::array<std::uint16_t, 256> counts_{};
  std::uint32_t total_ = 0;
};

/// Streams and planes of like entropy share a frame: one Huffman table serves their literals well. The last class is
/// not worth a pass of zstd. Measured.
inline constexpr std::size_t entropy_classes = 5;
constexpr std::size_t entropy_class_of(unsigned bits) {
  constexpr std::array<unsigned, entropy_classes - 1> borders{256, 3 * 256, 5 * 256 + 128, 7 * 256 + 51};
  std::size_t found = 0;
  while (found < borders.size() && bits >= borders[found]) ++found;
  return found;
}
/// By a sample from all over the bytes.
std::size_t entropy_class(ByteView bytes);

}  // namespace owl::codec
