#pragma once

#include <optional>
#include <string>

#include "cluster/details.h"
#include "postgres/timeline_history.h"
#include "wal/change_history.h"

namespace owl::cluster {

/// May an earlier backup's pages be taken over where the change maps name none (docs/change-map.md, "When maps count")?
/// nullopt: yes, as far as can be told without the maps; else why not, for people. Pure. `current` is the backup that
/// has begun: its `start` and `timeline` are known. `path`: the way to the timeline of `current`.
///
/// PostgreSQL's own rule for its incrementals (basebackup_incremental.c): the whole of the earlier backup lies on the
/// history of the new one, and ends before this one starts.
std::optional<std::string> why_no_base(const ClusterDetails& earlier, const ClusterDetails& current,
                                       const postgres::TimelinePath& path);

/// Was the same server read, so that pages that WAL does not name are the same to the byte? Pure. A hint bit that is
/// set on a page after another change of the same checkpoint cycle has no WAL, and stays the primary's own: a standby's
/// page, and one after a failover, differs by it from the page of the same LSN. Where it can't be told: no.
bool is_same_copy(const ClusterDetails& earlier, const ClusterDetails& current);

/// What is to be asked of the change maps then. Pure. From the earlier one's redo pointer on: what it read of a page
/// may be as old as that, however late it was read, and its checkpoint record says when that was done, not for what.
wal::ChangeHistoryQuery changes_since(const ClusterDetails& earlier, const ClusterDetails& current);

}  // namespace owl::cluster
