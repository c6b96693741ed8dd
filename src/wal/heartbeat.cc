#include "wal/heartbeat.h"

namespace owl::wal {
namespace {

/// The xid that the next transaction gets which writes anything. Reading it takes none.
std::string next_xid(postgres::Connection& connection) {
  return connection.query_text("SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())");
}

}  // namespace

Heartbeat::Beat Heartbeat::beat() {
  if (connection_.query_text("SELECT pg_catalog.pg_is_in_recovery()") == "t") return Beat::standby;
  const auto now = next_xid(connection_);
  if (!next_xid_.empty() && now != next_xid_) {
    next_xid_ = now;
    return Beat::not_needed;
  }
  // A transactional message has a commit record, with its time, and is flushed when the commit returns. It must not
  // wait for synchronous standbys: one of them may be the very receiver of this stream.
  connection_.query("BEGIN");
  connection_.query("SET LOCAL synchronous_commit = local");
  connection_.query("SELECT pg_catalog.pg_logical_emit_message(true, 'owlbackup', '')");
  connection_.query("COMMIT");
  next_xid_ = next_xid(connection_);
  return Beat::written;
}

}  // namespace owl::wal
