#pragma once

#include <array>
#include <cstdint>

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

}  // namespace owl::codec
