#include "cluster/recovery_wait.h"

#include <algorithm>

#include "concurrency/task_group.h"
#include "postgres/connection.h"
#include "postgres/control_file.h"

namespace owl::cluster {
namespace {

using Outcome = RestoredServer::Outcome;

/// ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE (src/backend/utils/errcodes.txt): what pg_get_wal_replay_pause_state() and
/// pg_is_wal_replay_paused() answer once recovery is over.
constexpr std::string_view not_in_recovery = "55000";

/// Of a server that recovers: how far it is, whether it waits there, and the last transaction's end. 13 tells only that
/// a pause was asked for, which at a target is the same.
std::string progress_query(int major) {
  const std::string paused =
      major >= 14 ? "pg_catalog.pg_get_wal_replay_pause_state() = 'paused'" : "pg_catalog.pg_is_wal_replay_paused()";
  return "SELECT pg_catalog.pg_last_wal_replay_lsn(), " + paused + ", pg_catalog.pg_last_xact_replay_timestamp()";
}

class RecoveryWait {
 public:
  RecoveryWait(const StartOptions& options, const RecoveryPlan& plan, RestoredServer& server, Clock& clock,
               Monitor& monitor)
      : options_(options), plan_(plan), server_(server), clock_(clock), monitor_(monitor) {}

  void run(std::stop_token stop) {
    const auto first = plan_.base.details.start, last = planned_end();
    monitor_.phase("replaying WAL", last > first ? last - first : 0);
    const auto begin = clock_.monotonic();
    while (!at_rest()) {
      throw_if_stopped(stop);
      if (clock_.monotonic() - begin > options_.deadline) {
        throw Error(ErrorKind::timeout,
                    "recovery did not reach its target in time; the server's log ends with:\n" + log_tail());
      }
      clock_.sleep(std::chrono::milliseconds(200), stop);
    }
  }

 private:
  postgres::Lsn planned_end() const {
    if (plan_.stop_lsn) return *plan_.stop_lsn;
    return postgres::start_of(plan_.segments.back(), plan_.base.details.wal_segment_size);
  }

  bool at_rest() {
    if (!server_.process.running()) {
      judge_end();
      return true;
    }
    if (!server_.process.ready()) return false;  // not consistent yet, or on its way down
    try {
      return look();
    } catch (const Error& error) {
      connection_.reset();
      // Recovery ended between the two questions, or the server did.
      if (error.sqlstate() == not_in_recovery) return false;
      if (server_.process.running() && server_.process.ready()) throw;
      return false;
    }
  }

  bool look() {
    if (!connection_) connection_.emplace(server_.process.conninfo());
    if (connection_->query_text("SELECT pg_catalog.pg_is_in_recovery()") == "f") return true;
    const auto row = connection_->query(progress_query(connection_->major())).at(0);
    if (!row[0]) return false;  // recovery ended between the two questions
    server_.reached = value_or_throw(postgres::parse_lsn(*row[0]));
    show_progress();
    if (row[1] != "t") return false;
    server_.outcome = Outcome::paused;
    server_.last_transaction = row[2].value_or("");
    return true;
  }

  void show_progress() {
    const auto first = plan_.base.details.start;
    const auto done = server_.reached > first ? server_.reached - first : 0;
    if (done > shown_) monitor_.advance(done - shown_);
    shown_ = std::max(shown_, done);
  }

  /// The server is gone: at its target, as it was told to, or for a reason that its log tells.
  void judge_end() {
    const auto control = postgres::read_control_file(options_.data_directory, clock_).parsed;
    if (plan_.target.action != "shutdown" || control.state != postgres::ClusterState::shut_down_in_recovery) {
      throw Error(ErrorKind::process,
                  "postgres ended before recovery had reached its target; its log ends with:\n" + log_tail());
    }
    server_.outcome = Outcome::shut_down;
    server_.reached = control.min_recovery_point;
  }

  std::string log_tail() const { return server_.process.log_tail(); }

  const StartOptions& options_;
  const RecoveryPlan& plan_;
  RestoredServer& server_;
  Clock& clock_;
  Monitor& monitor_;
  std::optional<postgres::Connection> connection_;
  std::uint64_t shown_ = 0;
};

}  // namespace

void wait_for_target(const StartOptions& options, const RecoveryPlan& plan, RestoredServer& server, Clock& clock,
                     Monitor& monitor, std::stop_token stop) {
  RecoveryWait(options, plan, server, clock, monitor).run(stop);
}

}  // namespace owl::cluster
