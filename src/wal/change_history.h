#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <vector>

#include "postgres/timeline_history.h"
#include "wal/change_union.h"
#include "wal/fetcher.h"
#include "wal/last_record.h"

namespace owl::wal {

/// What a running server changed from one record's start to another's: the question of an incremental backup.
struct ChangeHistoryQuery {
  std::filesystem::path data_directory;  ///< of the server that is running
  postgres::SystemId system_id = 0;
  std::uint32_t segment_size = 0;  ///< bytes
  postgres::Lsn from, to;
  /// The segment with this LSN must end in this record: the earlier backup saw it.
  postgres::Lsn witness_at;
  LastRecord witness;
};

/// Joins the change maps from `from` to `to` on the way to the server's timeline (docs/change-map.md, "Whose word is
/// taken"). Archived segments tell by their objects, read several at once, with the host's keys alone; those that the
/// server has not archived yet, and the one with `to`, are read where it writes them. What can't be had or doesn't fit
/// is a hole with its reason; a store that doesn't answer makes one, too.
ChangeUnion read_change_history(const ChangeHistoryQuery& query, const postgres::TimelinePath& path, Fetcher& fetcher,
                                std::stop_token stop);

/// The last record of the segment with `lsn`, as the server's own pg_wal has it; nullopt: it isn't there any more.
std::optional<LastRecord> last_local_record(const ChangeHistoryQuery& query, postgres::TimelineId timeline,
                                            postgres::Lsn lsn);

}  // namespace owl::wal
