#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace owl::wal {

/// A stretch of a segment that a stored piece claims to hold: bytes from its start, end excluded.
struct PieceRange {
  std::uint32_t start = 0, end = 0;
};

/// The pieces that lead on from a position, the one that reaches furthest first.
std::vector<std::size_t> pieces_from(std::span<const PieceRange> pieces, std::uint32_t position);

/// The longest stretch from a segment's first byte on that its pieces hold without a gap, filled up with zeros.
struct OpenPrefix {
  Bytes plain;               ///< of the segment's size
  std::uint32_t end = 0;     ///< bytes that are WAL; 0: there is nothing
  std::size_t unusable = 0;  ///< pieces that were tried and could not be used
};
/// Opens one piece: its plain bytes, or nullopt where it is not authentic.
using OpenPiece = std::function<std::optional<Bytes>(std::size_t piece)>;
/// Pure but for `open`. Pieces may overlap; one that can't be opened, has another length than its name says, or says
/// otherwise than those before it where they overlap, is left aside for one that can be used.
OpenPrefix assemble_prefix(std::span<const PieceRange> pieces, std::uint32_t segment_size, const OpenPiece& open);

}  // namespace owl::wal
