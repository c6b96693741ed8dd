#pragma once

#include <stop_token>

#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/stores.h"
#include "wal/wal_file.h"

namespace owl::wal {

/// Looks for the record that the segment before left unfinished: beside the file, or else in the archive
/// (forerunner.h). Not to find it costs an incremental backup later, and must not keep WAL from being archived now: it
/// is noted, no more.
FindUnfinished search_unfinished(repository::StoreSet& stores, const crypto::HostKeys& keys, Monitor& monitor,
                                 std::stop_token stop);

}  // namespace owl::wal
