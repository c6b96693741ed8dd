#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/entropy.h"
#include "codec/page_streams.h"

namespace owl::codec {

/// The streams that a WAL segment is split into, behind the page codec's, which hold the full-page images. The numbers
/// are part of the format (docs/format/wal-codec.md).
namespace wal_stream {
inline constexpr std::size_t own = page_stream::count;  ///< the first that isn't one of the page codec's
inline constexpr std::size_t control = own;             ///< counts, shapes of records, choices, constants
inline constexpr std::size_t edges = own + 1;     ///< what is no whole record, page headers that aren't as predicted
inline constexpr std::size_t raw = own + 2;       ///< records that are not taken apart
inline constexpr std::size_t kept = own + 3;      ///< images that are compressed already, or of pages of another kind
inline constexpr std::size_t sequence = own + 4;  ///< which shape the next record has
inline constexpr std::size_t text = own + 5;      ///< rows behind their columns
/// Byte planes by entropy: what is alike shares a frame.
inline constexpr std::size_t first_plane = own + 6;
inline constexpr std::size_t plane_classes = entropy_classes;
inline constexpr std::size_t count = first_plane + plane_classes;
}  // namespace wal_stream

/// What is taken apart at once, bytes: of a size that stays in caches, and takes no more memory for larger segments.
inline constexpr std::size_t largest_wal_stretch = 4u << 20;
/// Of XLOG_BLCKSZ.
inline constexpr std::uint32_t least_wal_page = 1u << 10, largest_wal_page = 1u << 16;

}  // namespace owl::codec
