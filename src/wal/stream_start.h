#pragma once

#include <functional>
#include <optional>

#include "postgres/replication.h"
#include "postgres/timeline_history.h"
#include "wal/archive.h"

namespace owl::wal {

/// Where streaming begins.
struct StreamStart {
  postgres::SegmentId segment;  ///< the first that is not archived whole
  /// WAL before it that is neither archived nor kept by the slot: the server may still have it, or not.
  std::optional<postgres::SegmentId> missing_from;
};
/// From what the slot keeps and what is archived on the server's own way through the timelines. Throws Error(conflict)
/// when the archive holds WAL that the server hasn't written: it is a copy, or was set back; of a standby, which may
/// only be behind, Error(transient).
StreamStart choose_stream_start(const postgres::ServerIdentity& server, bool in_recovery,
                                const postgres::TimelinePath& path, postgres::Lsn slot_restart,
                                std::uint32_t segment_size, const Archive& archive);

/// May this server's timeline be archived? Not where whole segments behind the fork are archived of the timeline that
/// it left: then somebody went on there, and this may be a restored copy. Throws Error(refused).
void require_new_timeline_is_fit(const postgres::TimelinePath& path, std::uint32_t segment_size,
                                 const Archive& archive);

}  // namespace owl::wal
