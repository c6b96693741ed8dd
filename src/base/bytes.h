#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace owl {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}
inline void append(Bytes& to, ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}
inline bool equal(ByteView a, ByteView b) {
  return std::ranges::equal(a, b);
}
bool all_zero(ByteView bytes);

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);
/// Accepts either case. Fails on an odd length or a digit that is none.
Result<Bytes> from_hex(std::string_view text);
/// As from_hex, and exactly N bytes.
template <std::size_t N>
Result<ByteArray<N>> array_from_hex(std::string_view text) {
  auto bytes = from_hex(text);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->size() != N) return bad_format("hexadecimal text of the wrong length");
  ByteArray<N> out;
  std::ranges::copy(*bytes, out.begin());
  return out;
}

}  // namespace owl
