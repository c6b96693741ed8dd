#pragma once

#include <stop_token>

#include "postgres/types.h"
#include "repository/stores.h"
#include "wal/enrolment.h"
#include "wal/wal_file.h"

namespace owl::wal {

/// May this data directory archive this file? A cluster that was restored or cloned must not write into the timeline of
/// the one that it came from, and its first sign is a timeline that the archive has not seen: history files, and
/// segments of such a timeline, need an enrolled data directory. A copy that stays on its original's timeline is known
/// by the original, where that is enrolled on this host. Throws Error(refused) that says how to enrol, or how to stop
/// archiving.
void require_admission(const WalSource& source, const Enrolments& enrolments, repository::StoreSet& stores,
                       std::stop_token stop);

}  // namespace owl::wal
