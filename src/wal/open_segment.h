#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "repository/stores.h"
#include "wal/wal_object.h"

namespace owl::wal {

/// A segment that was still being written when its last piece was streamed (docs/format.md, "Pieces of the open
/// segment"): what its pieces in all stores hold from its start on, with zeros behind.
struct OpenSegment {
  Bytes plain;        ///< of the segment's size
  postgres::Lsn end;  ///< of what was streamed
  WalInfo info;       ///< as if this were the whole segment
};

/// Reads the pieces of one segment, wherever they are. nullopt: no piece of its start can be used. Throws where a store
/// doesn't answer: then it can't be told.
std::optional<OpenSegment> read_open_segment(repository::StoreSet& stores, const crypto::HostKeys& keys,
                                             std::span<const crypto::EpochSecrets> secrets,
                                             postgres::SystemId system_id, postgres::SegmentId segment,
                                             std::uint32_t segment_size, std::stop_token stop = {});

/// Is there any piece of this timeline in any store that answers? One that doesn't drops out of the set.
bool has_open_pieces(repository::StoreSet& stores, postgres::SystemId system_id, postgres::TimelineId timeline,
                     std::stop_token stop = {});

}  // namespace owl::wal
