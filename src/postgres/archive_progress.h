#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "postgres/connection.h"

namespace owl::postgres {

/// How far a server is with its WAL, and what it says of archiving (pg_stat_archiver).
struct ArchiveProgress {
  SystemId system_id = 0;
  bool in_recovery = false;
  TimelineId timeline = 0;
  std::uint32_t segment_size = 0;
  std::optional<Lsn> written;  ///< pg_current_wal_lsn; nullopt on a standby, which can't tell what its primary wrote
  Timestamp now;               ///< by the server's clock
  std::string archive_mode;
  std::uint64_t archived = 0, failed = 0;
  std::string last_archived, last_failed;  ///< names; empty: none yet
  std::optional<Timestamp> last_archived_time, last_failed_time;
  std::optional<std::uint64_t>
      ready;  ///< files that wait in archive_status; nullopt: the role may not look (pg_monitor)

  bool fails() const;  ///< is the last that happened a failure?
};
ArchiveProgress read_archive_progress(Connection& connection);

}  // namespace owl::postgres
