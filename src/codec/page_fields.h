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
    std::uint32_t varying = 0;
    for (std::size_t i = 1; i < count; ++i) varying |= values[i] ^ values[0];
    std::uint8_t mask = deltas ? field_mask::deltas : 0;
    std::uint32_t constant = ~0u;
    const std::size_t stream = page_stream::of(field);
    for (unsigned byte = 0; byte < 4; ++byte) {
      if ((varying >> (8 * byte) & 0xff) == 0) continue;
      mask = static_cast<std::uint8_t>(mask | 1u << byte);
      constant &= ~(0xffu << (8 * byte));
      put_plane(values, count, byte, streams_.add(stream + byte, count));
    }
    auto& last = state_.constants[static_cast<std::size_t>(field)];
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
  std::array<std::uint8_t, page_fields> masks_;
  std::size_t count_ = 0;
};

/// The inverse.
class FieldReader {
 public:
  FieldReader(StreamReader& reader, PageState& state) : reader_(reader), state_(state) {}

  /// Returns whether they are deltas.
  bool take(PageField field, std::uint32_t* __restrict values, std::size_t count) {
    const std::uint8_t mask = reader_.byte(page_stream::meta);
    auto& last = state_.constants[static_cast<std::size_t>(field)];
    if ((mask & field_mask::new_constants) != 0) last = load<std::uint32_t>(reader_.take(page_stream::constants, 4));
    std::uint32_t constant = last;
    std::size_t planes = 0;
    for (unsigned byte = 0; byte < 4; ++byte) {
      if ((mask >> byte & 1) == 0) continue;
      constant &= ~(0xffu << (8 * byte));
      ++planes;
    }
    const std::size_t stream = page_stream::of(field);
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

}  // namespace owl::codec
