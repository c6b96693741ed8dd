#pragma once

#include <cstddef>
#include <cstdint>

// Where things stand in WAL of PostgreSQL 13 to 18, as the codec for WAL and the reader of WAL (src/postgres) need it.
// Sources: access/xlog_internal.h (pages), access/xlogrecord.h (records).

namespace owl::codec::wal_layout {

/// 13 to 18 by XLOG_PAGE_MAGIC, or 0.
constexpr int major_of_page_magic(std::uint16_t magic) {
  switch (magic) {
    case 0xD106:
      return 13;
    case 0xD10D:
      return 14;
    case 0xD110:
      return 15;
    case 0xD113:
      return 16;
    case 0xD116:
      return 17;
    case 0xD118:
      return 18;
    default:
      return 0;
  }
}

namespace page {  // XLogPageHeaderData; a segment's first page has the long one
inline constexpr std::size_t short_header = 24, long_header = 40;
inline constexpr std::size_t magic_at = 0, info_at = 2, timeline_at = 4, address_at = 8, remaining_at = 16;
inline constexpr std::size_t segment_size_at = 32, page_size_at = 36;  // of the long one
inline constexpr std::uint16_t continues = 0x0001, is_long = 0x0002, overwrites = 0x0008;
inline constexpr std::uint16_t known_info = 0x000f;
}  // namespace page

namespace record {  // XLogRecord
inline constexpr std::size_t header = 24;
inline constexpr std::size_t total_at = 0, xid_at = 4, previous_at = 8, info_at = 16, manager_at = 17, padding_at = 18,
                             crc_at = 20;
}  // namespace record

namespace fragment {  // ids; 0 to 32 are block references
inline constexpr std::uint8_t highest_block = 32;
inline constexpr std::uint8_t toplevel_xid = 252;  // 14 and later
inline constexpr std::uint8_t origin = 253;
inline constexpr std::uint8_t long_data = 254;
inline constexpr std::uint8_t short_data = 255;
}  // namespace fragment

namespace block {  // fork_flags
inline constexpr std::uint8_t fork_mask = 0x0f, has_image = 0x10, has_data = 0x20, same_relation = 0x80;
}  // namespace block

namespace image {  // bimg_info
inline constexpr std::uint8_t has_hole = 0x01;
/// 15 moved "apply" to where "compressed" was, and has one bit for each method.
constexpr bool is_compressed(std::uint8_t info, int major) {
  return (info & (major <= 14 ? 0x02 : 0x1c)) != 0;
}
/// Does its header end with the hole's length? Else that is what the page lacks.
constexpr bool tells_hole_size(std::uint8_t info, int major) {
  return (info & has_hole) != 0 && is_compressed(info, major);
}
}  // namespace image

/// MAXALIGN: where the next record begins.
constexpr std::uint64_t aligned(std::uint64_t size) {
  return (size + 7) & ~std::uint64_t{7};
}

}  // namespace owl::codec::wal_layout
