#include "codec/wal_numbers.h"

#include <algorithm>
#include <bit>

#include "codec/columns.h"
#include "codec/entropy.h"
#include "codec/wal_streams.h"

namespace owl::codec {
namespace {

// The first byte of an array: which planes vary, and how the numbers were changed before they were cut up.
constexpr std::uint8_t mask_bits = 0x0f, delta_form = 0x10;

/// The bytes that the planes of a mask cover.
constexpr std::uint32_t covered(std::uint8_t mask) {
  std::uint32_t bits = 0;
  for (unsigned byte = 0; byte < 4; ++byte) bits |= (mask >> byte & 1u) != 0 ? 0xffu << (8 * byte) : 0;
  return bits;
}

/// Which bytes differ anywhere from those of the first.
std::uint8_t varying_planes(std::span<const std::uint32_t> values) {
  std::uint32_t varying = 0;
  const std::uint32_t first = values.front();
  for (const auto value : values) varying |= value ^ first;
  std::uint8_t mask = 0;
  for (unsigned byte = 0; byte < 4; ++byte) {
    if ((varying >> (8 * byte) & 0xff) != 0) mask = static_cast<std::uint8_t>(mask | 1u << byte);
  }
  return mask;
}

/// Fewer significant bits, by a sample from all over?
bool differences_are_smaller(std::span<const std::uint32_t> values) {
  constexpr std::size_t most_looked_at = 1024;
  const std::size_t step = values.size() / most_looked_at + 1;
  std::uint64_t plain = 0, different = 0;
  for (std::size_t i = 1; i < values.size(); i += step) {
    plain += static_cast<unsigned>(std::bit_width(values[i]));
    different += static_cast<unsigned>(std::bit_width(zigzag(values[i] - values[i - 1])));
  }
  return different < plain;
}

}  // namespace

void NumberWriter::put(std::span<const std::uint32_t> values, StreamSet& streams) {
  if (values.empty()) return;
  if (!differences_are_smaller(values)) return put_planes(values, 0, streams);
  if (deltas_.size() < values.size()) deltas_.resize(values.size());
  to_deltas(values.data(), values.size(), values.front(), deltas_.data());
  put_planes(std::span(deltas_).first(values.size()), delta_form, streams);
  streams.varint(wal_stream::control, values.front());
}

void NumberWriter::put_planes(std::span<const std::uint32_t> values, std::uint8_t form, StreamSet& streams) {
  const std::uint8_t mask = varying_planes(values);
  streams.byte(wal_stream::control, static_cast<std::uint8_t>(form | mask));
  streams.varint(wal_stream::control, values.front() & ~covered(mask));
  if (plane_.size() < values.size()) plane_.resize(values.size());
  for (unsigned byte = 0; byte < 4; ++byte) {
    if ((mask >> byte & 1u) == 0) continue;
    put_plane(values.data(), values.size(), byte, plane_.data());
    const auto plane = ByteView(plane_).first(values.size());
    const auto place = entropy_class(plane);
    streams.byte(wal_stream::control, static_cast<std::uint8_t>(place));
    streams.bytes(wal_stream::first_plane + place, plane);
  }
}

void read_numbers(StreamReader& reader, std::span<std::uint32_t> values) {
  if (values.empty()) return;
  const std::uint8_t head = reader.byte(wal_stream::control);
  const std::uint64_t constant = reader.varint(wal_stream::control);
  const std::uint8_t mask = head & mask_bits;
  if ((head & ~(mask_bits | delta_form)) != 0 || (constant & ~std::uint64_t{~covered(mask)}) != 0) return reader.fail();
  std::ranges::fill(values, static_cast<std::uint32_t>(constant));
  for (unsigned byte = 0; byte < 4; ++byte) {
    if ((mask >> byte & 1u) == 0) continue;
    const std::uint8_t place = reader.byte(wal_stream::control);
    if (place >= wal_stream::plane_classes) return reader.fail();
    const auto plane = reader.view(wal_stream::first_plane + place, values.size());
    if (plane.size() != values.size()) return;
    const auto* const from = plane.data();
    auto* const to = values.data();
    for (std::size_t i = 0; i < values.size(); ++i) to[i] |= std::uint32_t{from[i]} << (8 * byte);
  }
  if ((head & delta_form) == 0) return;
  const std::uint64_t first = reader.varint(wal_stream::control);
  if (first > UINT32_MAX) return reader.fail();
  from_deltas(values.data(), values.size(), static_cast<std::uint32_t>(first));
}

}  // namespace owl::codec
