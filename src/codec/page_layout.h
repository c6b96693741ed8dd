#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>

namespace owl::codec {

/// Offsets in PageHeaderData (PostgreSQL's src/include/storage/bufpage.h), bytes; the same from 13 to 18. Numbers are
/// in the byte order of the server; only little-endian ones are read here.
namespace page_at {
inline constexpr std::size_t lsn = 0;  ///< u32 high half, u32 low half
inline constexpr std::size_t checksum = 8;
inline constexpr std::size_t flags = 10;
inline constexpr std::size_t lower = 12;
inline constexpr std::size_t upper = 14;
inline constexpr std::size_t special = 16;
inline constexpr std::size_t size_version = 18;  ///< block size + layout version
inline constexpr std::size_t prune_xid = 20;
inline constexpr std::size_t items = 24;  ///< line pointers, four bytes each
}  // namespace page_at

inline constexpr std::uint16_t page_layout_version = 4;
inline constexpr std::size_t least_page_size = 1024, largest_page_size = 32768;
/// Can PostgreSQL be built with pages of that many bytes?
constexpr bool is_page_size(std::size_t bytes) {
  return bytes >= least_page_size && bytes <= largest_page_size && (bytes & (bytes - 1)) == 0;
}

/// ItemIdData (itemid.h): lp_off 15 bits, lp_flags 2 bits, lp_len 15 bits.
namespace line_pointer {
inline constexpr std::uint32_t unused = 0, normal = 1, redirect = 2, dead = 3;
constexpr std::uint32_t offset_of(std::uint32_t word) {
  return word & 0x7fff;
}
constexpr std::uint32_t flags_of(std::uint32_t word) {
  return word >> 15 & 3;
}
constexpr std::uint32_t length_of(std::uint32_t word) {
  return word >> 17;
}
constexpr std::uint32_t make(std::uint32_t offset, std::uint32_t flags, std::uint32_t length) {
  return offset | flags << 15 | length << 17;
}
}  // namespace line_pointer

/// A number at a place that the caller vouches for.
template <std::unsigned_integral T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}
template <std::unsigned_integral T>
void store(std::uint8_t* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

/// MAXALIGN (c.h).
constexpr std::uint32_t aligned8(std::uint32_t size) {
  return (size + 7) & ~std::uint32_t{7};
}

}  // namespace owl::codec
