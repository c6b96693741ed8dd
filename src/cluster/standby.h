#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "observe/monitor.h"
#include "postgres/connection.h"
#include "postgres/types.h"

namespace owl::cluster {

/// What a backup that is read from a standby needs beside pg_backup_start and pg_backup_stop there. It begins at the
/// standby's last restartpoint and ends at its minimum recovery point (xlog.c, do_pg_backup_start and
/// do_pg_backup_stop): neither is a place where the primary would end a WAL segment, and only the primary can make a
/// checkpoint or switch segments. With a connection to it both are asked for; without one, the backup begins as early
/// as the restartpoint is old, and waits until the primary completes its segment by itself. One thread.
class StandbySource {
 public:
  /// `primary`: libpq's syntax; empty: there is no connection to it. Throws Error(config) where it is another cluster
  /// or a standby, too.
  StandbySource(postgres::Connection& standby, const std::string& primary, Clock& clock, Monitor& monitor);

  /// Makes a checkpoint on the primary and waits until it is replayed here, so that pg_backup_start can begin there.
  /// Throws Error(timeout) where that takes too long.
  void replay_checkpoint(std::chrono::milliseconds deadline, std::stop_token stop);
  /// Throws Error(conflict) where the standby was promoted, or does not begin and end on one timeline: its restartpoint
  /// is of another one than what it replays, or it followed its primary to a new one.
  void require_timeline(postgres::TimelineId timeline);
  /// So that the segment in which the backup ends is archived at once. Once pg_backup_stop has told where that is.
  void end_segment(postgres::Lsn stop);
  /// For people, while that segment is waited for.
  std::string why_waiting() const;

 private:
  void check_primary();

  postgres::Connection& standby_;
  std::optional<postgres::Connection> primary_;
  Clock& clock_;
  Monitor& monitor_;
};

}  // namespace owl::cluster
