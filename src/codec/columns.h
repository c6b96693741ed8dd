#pragma once

#include <array>
#include <concepts>
#include <span>

#include "base/bytes.h"

namespace owl::codec {

/// Small numbers for small differences of either sign: 0, -1, 1, -2, … become 0, 1, 2, 3, …
template <std::unsigned_integral T>
constexpr T zigzag(T difference) {
  return static_cast<T>(static_cast<T>(difference << 1) ^
                        static_cast<T>(T{0} - static_cast<T>(difference >> (8 * sizeof(T) - 1))));
}
template <std::unsigned_integral T>
constexpr T unzigzag(T value) {
  return static_cast<T>(static_cast<T>(value >> 1) ^ static_cast<T>(T{0} - static_cast<T>(value & 1)));
}

/// deltas[i] = zigzag(values[i] - values[i - 1]), the value before the first being `previous`. Returns the last value.
template <std::unsigned_integral T>
T to_deltas(const T* values, std::size_t count, T previous, T* __restrict deltas) {
  if (count == 0) return previous;
  deltas[0] = zigzag(static_cast<T>(values[0] - previous));
  for (std::size_t i = 1; i < count; ++i) deltas[i] = zigzag(static_cast<T>(values[i] - values[i - 1]));
  return values[count - 1];
}
/// The inverse, in place.
template <std::unsigned_integral T>
T from_deltas(T* values, std::size_t count, T previous) {
  for (std::size_t i = 0; i < count; ++i) values[i] = previous = static_cast<T>(previous + unzigzag(values[i]));
  return previous;
}

/// One byte of every value.
template <std::unsigned_integral T>
void put_plane(const T* __restrict values, std::size_t count, unsigned byte, std::uint8_t* __restrict plane) {
  for (std::size_t i = 0; i < count; ++i) plane[i] = static_cast<std::uint8_t>(values[i] >> (8 * byte));
}

/// The values back from their planes; `planes[b]` holds byte b of each.
inline void join_planes(const std::array<const std::uint8_t*, 4>& planes, std::size_t count,
                        std::uint32_t* __restrict values) {
  const std::uint8_t *const p0 = planes[0], *const p1 = planes[1], *const p2 = planes[2], *const p3 = planes[3];
  for (std::size_t i = 0; i < count; ++i) {
    values[i] =
        std::uint32_t{p0[i]} | std::uint32_t{p1[i]} << 8 | std::uint32_t{p2[i]} << 16 | std::uint32_t{p3[i]} << 24;
  }
}
/// What is done to a column of little-endian numbers before each of its bytes goes into a stream of its own. The
/// numbers are part of the repository format (docs/format/codecs.md).
enum class ColumnForm : std::uint8_t {
  planes4 = 0,  ///< four bytes as they are
  delta4 = 1,   ///< four bytes, zigzag difference to the row before
  delta8 = 2,   ///< eight bytes, zigzag difference to the row before
};
inline constexpr std::uint8_t column_forms = 3;
constexpr std::size_t width_of(ColumnForm form) {
  return form == ColumnForm::delta8 ? 8 : 4;
}

/// The fixed-width prefix of every row, cut into columns. A value.
struct ColumnList {
  static constexpr std::size_t largest_count = 32, largest_width = 128;

  std::array<ColumnForm, largest_count> forms{};
  std::uint8_t count = 0;

  std::size_t width() const {  ///< bytes of each row
    std::size_t width = 0;
    for (std::size_t i = 0; i < count; ++i) width += width_of(forms[i]);
    return width;
  }
  std::span<const ColumnForm> view() const { return {forms.data(), count}; }
  friend bool operator==(const ColumnList&, const ColumnList&) = default;
};

}  // namespace owl::codec
