#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace owl::codec {

/// memcpy for pieces of some ten bytes, whose call would cost more than the copy. Never touches a byte outside.
inline void copy_small(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
  if (size >= 16) {
    if (size > 256) {
      std::memcpy(to, from, size);
      return;
    }
    for (std::size_t i = 0; i + 16 < size; i += 16) std::memcpy(to + i, from + i, 16);
    std::memcpy(to + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

}  // namespace owl::codec
