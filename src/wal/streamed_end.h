#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "base/time.h"
#include "repository/stores.h"
#include "wal/open_prefix.h"

namespace owl::wal {

/// How far the pieces of an open segment lead on from its first byte, by their names alone: what a host can tell
/// without the private key.
struct StreamedEnd {
  std::uint32_t end = 0;  ///< bytes of the segment
  Timestamp stored;       ///< when the last of them was stored, by the store's clock
};
/// Of all pieces that any of the stores lists. nullopt: none begins the segment.
std::optional<StreamedEnd> streamed_end(repository::StoreSet& stores, const std::string& system_id,
                                        const std::string& segment_name, std::stop_token stop = {});

/// Pure: the end of the longest stretch from 0 on that these cover without a gap.
std::uint32_t covered_from_start(std::span<const PieceRange> pieces);

}  // namespace owl::wal
