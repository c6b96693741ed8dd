#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "postgres/replication_message.h"
#include "postgres/timeline_history.h"
#include "postgres/types.h"

namespace owl::postgres {

/// IDENTIFY_SYSTEM: who the server is and where its WAL is.
struct ServerIdentity {
  SystemId system_id = 0;
  TimelineId timeline = 0;
  Lsn flushed;
};
struct TimelineHistoryFile {
  std::string name;
  Bytes content;  ///< as it is to be archived, byte for byte
};

/// A session with a walsender, for physical replication (protocol-replication; walsender.c of 13 to 18). The role needs
/// the attribute REPLICATION, pg_hba.conf a line for the database "replication", and the server a free one of
/// max_wal_senders. Simple queries only, as the protocol asks. One thread.
class ReplicationConnection {
 public:
  /// `application_name` is what pg_stat_replication and synchronous_standby_names know it by.
  ReplicationConnection(const std::string& conninfo, const std::string& application_name);
  ~ReplicationConnection();
  ReplicationConnection(const ReplicationConnection&) = delete;

  ServerIdentity identify_system();
  TimelineHistoryFile timeline_history(TimelineId timeline);
  /// A physical slot that keeps WAL from now on (RESERVE_WAL).
  void create_slot(const std::string& name);
  void drop_slot(const std::string& name);

  /// WAL of one timeline from an LSN on. SQLSTATEs that matter: 58P01, it was removed; 42704, there is no such slot;
  /// 55006, another session uses it; 55000, it was invalidated.
  void start(const std::string& slot, Lsn from, TimelineId timeline);

  struct Received {
    enum class What { nothing, message, end } what = What::nothing;
    ReplicationMessage message = {};  ///< its views are valid until the next call
  };
  /// Waits that long at most. `end`: the timeline ends here, or the server does; `finish` tells. Throws when the
  /// connection broke.
  Received receive(std::chrono::milliseconds patience);
  void send(const StandbyStatus& status);

  /// Where the history goes on after the end of a timeline.
  struct NextTimeline {
    TimelineId timeline = 0;
    Lsn begin;
  };
  /// After `end`: gives the answer, and makes the session fit for another `start`. nullopt: the server is shutting
  /// down.
  std::optional<NextTimeline> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Is this a name that PostgreSQL takes for a slot? Lower-case letters, digits and underscores, 63 at most.
bool is_slot_name(std::string_view name);

}  // namespace owl::postgres
