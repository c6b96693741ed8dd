#include "cluster/standby.h"

#include <fmt/core.h>

#include "base/units.h"
#include "concurrency/task_group.h"

namespace owl::cluster {
namespace {

constexpr std::chrono::milliseconds pause{50};

postgres::Lsn lsn_of(postgres::Connection& connection, std::string_view sql) {
  return value_or_throw(postgres::parse_lsn(connection.query_text(sql)));
}

}  // namespace

StandbySource::StandbySource(postgres::Connection& standby, const std::string& primary, Clock& clock, Monitor& monitor)
    : standby_(standby), clock_(clock), monitor_(monitor) {
  if (primary.empty()) return;
  primary_.emplace(primary);
  check_primary();
}

void StandbySource::check_primary() {
  constexpr auto identity = "SELECT system_identifier FROM pg_catalog.pg_control_system()";
  const auto here = standby_.query_text(identity), there = primary_->query_text(identity);
  if (here != there) {
    throw Error(ErrorKind::config,
                fmt::format("[postgres] primary is another cluster (system id {}) than the standby (system id {})",
                            there, here))
        .with_hint("[postgres] primary must be the server whose WAL this standby replays.");
  }
  if (primary_->query_text("SELECT pg_catalog.pg_is_in_recovery()") == "f") return;
  throw Error(ErrorKind::config, "[postgres] primary is a standby itself, which can't make a checkpoint")
      .with_hint("Point it at the server that takes writes; `target_session_attrs=primary` finds it among several.");
}

void StandbySource::replay_checkpoint(std::chrono::milliseconds deadline, std::stop_token stop) {
  if (!primary_) return;
  monitor_.phase("waiting for a checkpoint of the primary", 0);
  primary_->query("CHECKPOINT", {}, stop);
  const auto end = lsn_of(*primary_, "SELECT pg_catalog.pg_current_wal_flush_lsn()");
  const auto begin = clock_.monotonic();
  for (;;) {
    throw_if_stopped(stop);
    const auto replayed = lsn_of(standby_, "SELECT coalesce(pg_catalog.pg_last_wal_replay_lsn(), '0/0')");
    if (replayed >= end) return;
    if (clock_.monotonic() - begin > deadline) {
      throw Error(ErrorKind::timeout,
                  fmt::format("the standby has replayed WAL up to {} only, and not {} of its primary, "
                              "within {}",
                              to_text(replayed), to_text(end), format_duration(deadline)))
          .with_hint(
              "Is it connected, or its replay paused or delayed (pg_stat_wal_receiver, recovery_min_apply_delay)? "
              "Without "
              "[postgres] primary a backup begins at the last restartpoint.");
    }
    clock_.sleep(pause, stop);
  }
}

void StandbySource::require_timeline(postgres::TimelineId timeline) {
  if (standby_.query_text("SELECT pg_catalog.pg_is_in_recovery()") == "f") {
    throw Error(ErrorKind::conflict, "the standby was promoted while the backup was made")
        .with_hint("It is a primary now: start again without --from-standby.");
  }
  const auto row = standby_
                       .query(
                           "SELECT c.timeline_id, r.min_recovery_end_timeline"
                           " FROM pg_catalog.pg_control_checkpoint() c, pg_catalog.pg_control_recovery() r")
                       .at(0);
  const auto wanted = std::to_string(timeline);
  if (row[0] == wanted && row[1] == wanted) return;
  throw Error(
      ErrorKind::conflict,
      fmt::format("the backup is of timeline {}, but the standby's restartpoint is of timeline {} and what it has "
                  "replayed of timeline {}",
                  timeline, row[0].value_or("?"), row[1].value_or("?")))
      .with_hint("It followed its primary to a new timeline just now. Run CHECKPOINT on the standby and start again.");
}

void StandbySource::end_segment(postgres::Lsn stop) {
  if (!primary_) {
    monitor_.note(
        "there is no connection to the primary: the backup waits until that completes its WAL segment by "
        "itself, at the latest after archive_timeout");
    return;
  }
  primary_->query("SELECT pg_catalog.pg_switch_wal()");
  // A segment in which nothing was written since the last switch isn't ended; then it isn't needed either.
  monitor_.note(fmt::format("the primary was asked to end its WAL segment; the backup ends at {}", to_text(stop)));
}

std::string StandbySource::why_waiting() const {
  if (!primary_) {
    return "this is a standby, and its primary has not completed and archived that segment; with [postgres] primary it "
           "is asked to, else archive_timeout decides";
  }
  return "the primary has not archived it, although it was asked to end the segment; its pg_stat_archiver and its log "
         "tell more";
}

}  // namespace owl::cluster
