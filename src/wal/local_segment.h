#pragma once

#include <filesystem>
#include <optional>

#include "wal/forerunner.h"
#include "wal/wal_object.h"

namespace owl::wal {

/// Of which segment in the server's own pg_wal, and of which cluster.
struct LocalSegmentQuery {
  std::filesystem::path data_directory;
  postgres::SegmentId id;
  std::uint32_t segment_size = 0;  ///< bytes
  postgres::SystemId system_id = 0;
};

/// What a segment in pg_wal changed, as a push of it would tell. It may still be written to: the map then ends where
/// its WAL ended when it was read, which its `poison` says.
struct LocalSegment {
  ChangeMap map;
  /// Does a record begin at the place that was asked for? One that goes on in the next segment counts.
  bool record_begins = false;
};

/// Reads a segment where the server writes it. nullopt: it isn't there, is out of this account's sight, or is no longer
/// (or not yet) that segment: PostgreSQL recycles files under the names of later ones. `record_at`: where a record is
/// to begin. `archived` tells of segments that have left pg_wal, for what reaches from them into this one.
std::optional<LocalSegment> read_local_segment(
    const LocalSegmentQuery& query, std::optional<postgres::Lsn> record_at,
    const std::function<std::optional<WalInfo>(const std::string&)>& archived);

}  // namespace owl::wal
