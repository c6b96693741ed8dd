#pragma once

#include "codec/page_streams.h"

namespace owl::codec {

/// Writes fields of one page: only those bytes of a field go into planes that vary on the page, the others once where
/// they are not those of the page before.
class FieldWriter {
 public:
  FieldWriter(StreamSet& streams, PageState& state) : streams_(streams), state_(state) {}

  /// `deltas` is told to the reader along with the mask. At least one value.
  void put(PageField field, const std::uint32_t* values, std::size_t count, bool deltas = false) {
    put_at(page_stream::of(field), state_.constants[static_cast<std::size_t>(field)], values, count, deltas);
  }
  /// As `put`, into four streams from `stream` on; `last` is what the page before left.
  void put_at(std::size_t stream, std::uint32_t& last, const std::uint32_t* values, std::size_t count,
              bool deltas = false) {
    std::uint32_t varying = 0;
    for (std::size_t i = 1; i < count; ++i) varying |= values[i] ^ values[0];
    std::uint8_t mask = deltas ? field_mask::deltas : 0;
    std::uint32_t constant = ~0u;
    for (unsigned byte = 0; byte < 4; ++byte) {
      if ((varying >> (8 * byte) & 0xff) == 0) continue;
      mask = static_cast<std::uint8_t>(mask | 1u << byte);
      constant &= ~(0xffu << (8 * byte));
      put_plane(values, count, byte, streams_.add(stream + byte, count));
    }
    if (((values[0] ^ last) & constant) != 0) {
      mask |= field_mask::new_constants;
      store(streams_.add(page_stream::constants, 4), values[0] & constant);
      last = values[0] & constant;
    }
    masks_[count_++] = mask;
  }

  ByteView masks() const { return {masks_.data(), count_}; }

 private:
  StreamSet& streams_;
  PageState& state_;
  std::array<std::uint8_t, page_fields + ColumnList::largest_width / 4> masks_;
  std::size_t count_ = 0;
};

/// The inverse.
class FieldReader {
 public:
  FieldReader(StreamReader& reader, PageState& state) : reader_(reader), state_(state) {}

  /// Returns whether they are deltas.
  bool take(PageField field, std::uint32_t* values, std::size_t count) {
    return take_at(page_stream::of(field), state_.constants[static_cast<std::size_t>(field)], values, count);
  }
  bool take_at(std::size_t stream, std::uint32_t& last, std::uint32_t* __restrict values, std::size_t count) {
    const std::uint8_t mask = reader_.byte(page_stream::meta);
    if ((mask & field_mask::new_constants) != 0) last = load<std::uint32_t>(reader_.take(page_stream::constants, 4));
    std::uint32_t constant = last;
    std::size_t planes = 0;
    for (unsigned byte = 0; byte < 4; ++byte) {
      if ((mask >> byte & 1) == 0) continue;
      constant &= ~(0xffu << (8 * byte));
      ++planes;
    }
    if (planes == 4) {
      join_planes(std::array{reader_.take(stream, count), reader_.take(stream + 1, count),
                             reader_.take(stream + 2, count), reader_.take(stream + 3, count)},
                  count, values);
    } else {
      join_some(mask, constant, stream, values, count);
    }
    return (mask & field_mask::deltas) != 0;
  }

 private:
  void join_some(std::uint8_t mask, std::uint32_t constant, std::size_t stream, std::uint32_t* __restrict values,
                 std::size_t count) {
    bool first = true;
    for (unsigned byte = 0; byte < 4; ++byte) {
      if ((mask >> byte & 1) == 0) continue;
      const std::uint8_t* const plane = reader_.take(stream + byte, count);
      const unsigned shift = 8 * byte;
      if (first) {
        for (std::size_t i = 0; i < count; ++i) values[i] = constant | std::uint32_t{plane[i]} << shift;
      } else {
        for (std::size_t i = 0; i < count; ++i) values[i] |= std::uint32_t{plane[i]} << shift;
      }
      first = false;
    }
    if (first) std::fill_n(values, count, constant);
  }

  StreamReader& reader_;
  PageState& state_;
};

/// Takes the prefix of rows into columns. Row i begins at base + offsets[i] and is long enough. `low` and `high` are
/// scratch.
inline void put_columns(FieldWriter& fields, PageColumnState& columns, const std::uint8_t* base,
                        const std::uint32_t* offsets, std::size_t rows, std::uint32_t* __restrict low,
                        std::uint32_t* __restrict high) {
  std::size_t at = 0;
  const auto put = [&](const std::uint32_t* values) {
    fields.put_at(page_stream::columns + at, columns.constants[at / 4], values, rows);
    at += 4;
  };
  for (std::size_t column = 0; column < columns.list.count; ++column) {
    const auto* const from = base + at;
    const auto form = columns.list.forms[column];
    if (form == ColumnForm::delta8) {
      std::uint64_t previous = columns.previous[column];
      for (std::size_t i = 0; i < rows; ++i) {
        const auto value = load<std::uint64_t>(from + offsets[i]);
        const std::uint64_t delta = zigzag(value - previous);
        previous = value;
        low[i] = static_cast<std::uint32_t>(delta);
        high[i] = static_cast<std::uint32_t>(delta >> 32);
      }
      columns.previous[column] = previous;
      put(low);
      put(high);
      continue;
    }
    for (std::size_t i = 0; i < rows; ++i) low[i] = load<std::uint32_t>(from + offsets[i]);
    if (form == ColumnForm::delta4) {
      const auto previous = static_cast<std::uint32_t>(columns.previous[column]);
      columns.previous[column] = to_deltas(low, rows, previous, high);
    }
    put(form == ColumnForm::delta4 ? high : low);
  }
}

/// The inverse.
inline void take_columns(FieldReader& fields, PageColumnState& columns, std::uint8_t* base,
                         const std::uint32_t* offsets, std::size_t rows, std::uint32_t* __restrict low,
                         std::uint32_t* __restrict high) {
  std::size_t at = 0;
  const auto take = [&](std::uint32_t* values) {
    fields.take_at(page_stream::columns + at, columns.constants[at / 4], values, rows);
    at += 4;
  };
  for (std::size_t column = 0; column < columns.list.count; ++column) {
    auto* const to = base + at;
    const auto form = columns.list.forms[column];
    take(low);
    if (form == ColumnForm::delta8) {
      take(high);
      std::uint64_t value = columns.previous[column];
      for (std::size_t i = 0; i < rows; ++i) {
        value += unzigzag(low[i] | std::uint64_t{high[i]} << 32);
        store(to + offsets[i], value);
      }
      columns.previous[column] = value;
    } else if (form == ColumnForm::delta4) {
      auto value = static_cast<std::uint32_t>(columns.previous[column]);
      for (std::size_t i = 0; i < rows; ++i) store(to + offsets[i], value += unzigzag(low[i]));
      columns.previous[column] = value;
    } else {
      for (std::size_t i = 0; i < rows; ++i) store(to + offsets[i], low[i]);
    }
  }
}

}  // namespace owl::codec
