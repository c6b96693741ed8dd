#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "codec/wal_numbers.h"
#include "codec/wal_streams.h"

namespace owl::codec {

/// Rows of one kind: the main data, or one block's data, of all records of one shape, in the order of the records.
/// Their first bytes are cut into columns, what follows goes into the stream of text.
struct LaneRow {
  std::uint32_t at = 0;    ///< in the segment, or with the highest bit set in the room for what crosses pages
  std::uint32_t size = 0;  ///< bytes
};
inline constexpr std::uint32_t in_spill = 1u << 31;

/// Where rows are.
struct RowBases {
  const std::uint8_t* segment = nullptr;
  const std::uint8_t* spill = nullptr;
  const std::uint8_t* of(const LaneRow& row) const {
    return (row.at & in_spill) != 0 ? spill + (row.at & ~in_spill) : segment + row.at;
  }
};

/// What is done to some bytes of every row before each byte goes into a plane of its own. Part of the format.
enum class LaneForm : std::uint8_t {
  byte = 0,    ///< one byte as it is
  delta1 = 1,  ///< difference to the row before, of one, two, four or eight bytes
  delta2 = 2,
  delta4 = 3,
  delta8 = 4,
  xid4 = 5,  ///< four bytes: difference to the record's transaction id
};
inline constexpr std::uint8_t lane_forms = 6;
constexpr std::size_t width_of(LaneForm form) {
  constexpr std::array<std::size_t, lane_forms> widths{1, 1, 2, 4, 8, 4};
  return widths[static_cast<std::size_t>(form)];
}

/// How a lane is cut up. Found by trial on its first rows and remembered from segment to segment.
struct LanePlan {
  static constexpr std::size_t largest_width = 96;
  /// A plane's class of entropy, or that it has one value only.
  static constexpr std::uint8_t constant = wal_stream::plane_classes;

  std::uint8_t count = 0;  ///< of forms
  std::uint8_t width = 0;  ///< bytes of a row that they cover
  std::array<LaneForm, largest_width> forms{};
  std::array<std::uint8_t, largest_width> places{};  ///< of each plane: a class, or `constant`

  void add(LaneForm form) {
    forms[count++] = form;
    width = static_cast<std::uint8_t>(width + width_of(form));
  }
};

/// Writes lanes. One thread at a time; memory is kept.
class LaneWriter {
 public:
  /// `xids`: of the records, one for each row. Plan's places are corrected where a plane is not constant after all.
  void put(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids, const RowBases& bases, LanePlan& plan,
           StreamSet& streams);

 private:
  void put_sizes(std::span<const LaneRow> rows, StreamSet& streams);
  bool put_columns(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids, const RowBases& bases,
                   LanePlan& plan, StreamSet& streams);
  void put_text(std::span<const LaneRow> rows, const RowBases& bases, std::size_t width, StreamSet& streams);

  NumberWriter numbers_;
  std::vector<std::uint32_t> sizes_;
};

/// Reads lanes back. One thread at a time; memory is kept.
class LaneReader {
 public:
  /// Reads what `put` wrote of that many rows: they lie one behind the other at the end of `rows`, their sizes at the
  /// end of `sizes` (one for all of them where they are alike). Fails the reader where all rows together would be
  /// larger than `limit`.
  struct Lane {
    std::size_t begin = 0;       ///< in `rows`
    std::size_t first_size = 0;  ///< in `sizes`
    bool alike = false;          ///< all rows have one size
  };
  Lane read(StreamReader& reader, std::span<const std::uint32_t> xids, std::size_t limit);
  /// Room for rows of these sizes, `total` bytes in all, behind those that were read; nullptr: together they would be
  /// larger than `limit`.
  std::uint8_t* add_rows(std::span<const std::uint32_t> sizes, std::size_t total, std::size_t limit, Lane& lane);
  void clear() {
    used_ = 0;
    sizes_.clear();
  }

  const std::uint8_t* row(std::size_t at) const { return rows_.data() + at; }
  const std::uint32_t* sizes() const { return sizes_.data(); }

 private:
  void read_columns(StreamReader& reader, const LanePlan& plan, std::span<const std::uint32_t> xids, const Lane& lane,
                    std::size_t rows);

  Bytes rows_;
  std::size_t used_ = 0;
  std::vector<std::uint32_t> sizes_;
};

}  // namespace owl::codec
