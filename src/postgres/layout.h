#pragma once

#include <concepts>
#include <cstring>

#include "base/bytes.h"

namespace owl::postgres {

/// PostgreSQL's structures are in the memory layout of the machine that wrote them; only little-endian ones are read
/// here. The caller has checked that the field lies within `bytes`.
template <std::integral T>
T field(ByteView bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <std::integral T>
void set_field(MutableBytes bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

/// MAXALIGN: records and header sizes are rounded up to eight bytes.
constexpr std::uint64_t aligned(std::uint64_t size) {
  return (size + 7) & ~std::uint64_t{7};
}

constexpr bool is_power_of_two(std::uint64_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

}  // namespace owl::postgres
