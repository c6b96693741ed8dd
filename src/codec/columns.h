#pragma once

#include <array>
#include <concepts>
#include <cstring>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "codec/streams.h"

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
inline void join_planes(const std::array<const std::uint8_t*, 8>& planes, std::size_t count,
                        std::uint64_t* __restrict values) {
  const std::uint8_t *const p0 = planes[0], *const p1 = planes[1], *const p2 = planes[2], *const p3 = planes[3];
  const std::uint8_t *const p4 = planes[4], *const p5 = planes[5], *const p6 = planes[6], *const p7 = planes[7];
  for (std::size_t i = 0; i < count; ++i) {
    const auto low =
        std::uint32_t{p0[i]} | std::uint32_t{p1[i]} << 8 | std::uint32_t{p2[i]} << 16 | std::uint32_t{p3[i]} << 24;
    const auto high =
        std::uint32_t{p4[i]} | std::uint32_t{p5[i]} << 8 | std::uint32_t{p6[i]} << 16 | std::uint32_t{p7[i]} << 24;
    values[i] = low | std::uint64_t{high} << 32;
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

/// Takes the prefix of rows apart into `width()` streams (one for each byte of the prefix), and puts it back. Columns
/// with differences go on from call to call: both sides begin together, at zero. One thread at a time; memory is kept.
class ColumnSplitter {
 public:
  void reset(const ColumnList& columns) {
    columns_ = columns;
    width_ = columns.width();
    previous_.fill(0);
  }
  std::size_t width() const { return width_; }

  /// Row i begins at base + offsets[i] and has at least `width()` bytes. Stream `first` + b takes byte b of them.
  template <std::unsigned_integral Offset>
  void split(const std::uint8_t* base, const Offset* offsets, std::size_t rows, StreamSet& streams, std::size_t first) {
    if (rows == 0) return;
    for (std::size_t i = 0; i < columns_.count; ++i) {
      const std::size_t width = width_of(columns_.forms[i]);
      if (width == 4) {
        split_column<std::uint32_t>(i, base, offsets, rows, streams, first);
      } else {
        split_column<std::uint64_t>(i, base, offsets, rows, streams, first);
      }
      base += width;
      first += width;
    }
  }

  /// The inverse; `reader` vouches for what is read, the caller for the places that are written.
  template <std::unsigned_integral Offset>
  void join(StreamReader& reader, std::size_t first, std::uint8_t* base, const Offset* offsets, std::size_t rows) {
    if (rows == 0) return;
    for (std::size_t i = 0; i < columns_.count; ++i) {
      const std::size_t width = width_of(columns_.forms[i]);
      if (width == 4) {
        join_column<std::uint32_t>(i, reader, first, base, offsets, rows);
      } else {
        join_column<std::uint64_t>(i, reader, first, base, offsets, rows);
      }
      base += width;
      first += width;
    }
  }

 private:
  template <typename T>
  T* scratch(std::size_t rows) {
    if (scratch_.size() < rows * sizeof(T)) scratch_.resize(rows * sizeof(T));
    return reinterpret_cast<T*>(scratch_.data());  // operator new aligns for every number
  }

  template <typename T, typename Offset>
  void split_column(std::size_t column, const std::uint8_t* base, const Offset* offsets, std::size_t rows,
                    StreamSet& streams, std::size_t first) {
    T* values = scratch<T>(2 * rows);  // as they are, then the differences
    for (std::size_t i = 0; i < rows; ++i) std::memcpy(&values[i], base + offsets[i], sizeof(T));
    if (columns_.forms[column] != ColumnForm::planes4) {
      previous_[column] = to_deltas(values, rows, static_cast<T>(previous_[column]), values + rows);
      values += rows;
    }
    for (unsigned byte = 0; byte < sizeof(T); ++byte) put_plane(values, rows, byte, streams.add(first + byte, rows));
  }

  template <typename T, typename Offset>
  void join_column(std::size_t column, StreamReader& reader, std::size_t first, std::uint8_t* base,
                   const Offset* offsets, std::size_t rows) {
    T* const values = scratch<T>(rows);
    std::array<const std::uint8_t*, sizeof(T)> planes;
    for (std::size_t byte = 0; byte < sizeof(T); ++byte) planes[byte] = reader.take(first + byte, rows);
    join_planes(planes, rows, values);
    if (columns_.forms[column] != ColumnForm::planes4) {
      previous_[column] = from_deltas(values, rows, static_cast<T>(previous_[column]));
    }
    for (std::size_t i = 0; i < rows; ++i) std::memcpy(base + offsets[i], &values[i], sizeof(T));
  }

  ColumnList columns_;
  std::size_t width_ = 0;
  std::array<std::uint64_t, ColumnList::largest_count> previous_{};
  Bytes scratch_;
};

}  // namespace owl::codec
