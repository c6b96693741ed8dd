#pragma once

#include <optional>

#include "concurrency/guarded.h"
#include "postgres/connection.h"
#include "postgres/replication.h"
#include "wal/heartbeat.h"
#include "wal/stream.h"
#include "wal/stream_buffer.h"
#include "wal/stream_start.h"

namespace owl::wal {

/// What a session needs of those around it.
struct StreamContext {
  const StreamOptions& options;
  Archiver& archiver;
  repository::StoreSet& stores;
  StreamBuffer& buffer;
  Guarded<StreamState>& state;
  postgres::SystemId system_id;
  std::uint32_t segment_size;
  Clock& clock;
  Monitor& monitor;
};

/// One connection to the server's walsender, from connecting until it is cut. Follows changes of timeline. One thread.
class StreamSession {
 public:
  /// Connects, and proves that this server may be streamed from. Throws Error(refused) on one that would count us as a
  /// synchronous standby, Error(conflict) on another cluster.
  explicit StreamSession(const StreamContext& context);

  /// Finds its slot, makes it where that can't hide a loss, and receives until the connection is cut, which is an
  /// Error. Returns when stopped.
  void run(const std::stop_token& stop);

 private:
  void find_path(const std::stop_token& stop);
  Archive load_archive(const std::stop_token& stop);
  bool streamed_before(const std::stop_token& stop);
  postgres::Lsn find_slot(const std::stop_token& stop);
  postgres::Lsn make_slot(bool drop_first);
  Error slot_is_gone(const std::string& how) const;
  postgres::SegmentId find_begin(postgres::Lsn slot_restart, const std::stop_token& stop);
  bool is_on_path(postgres::SegmentId segment) const;

  /// Until the end of a timeline. nullopt: stopped.
  std::optional<postgres::ReplicationConnection::NextTimeline> stream(postgres::SegmentId from,
                                                                      const std::stop_token& stop);
  std::optional<postgres::ReplicationConnection::NextTimeline> receive(const std::stop_token& stop);
  void take(const postgres::ReplicationMessage& message);
  void note_wish_for_report();
  void wait_for_room(const std::stop_token& stop);
  void report_if_due();
  void look_after_server();
  postgres::SegmentId follow(const postgres::ReplicationConnection::NextTimeline& next, const std::stop_token& stop);
  postgres::SegmentId skip_missing(postgres::SegmentId wanted, const std::stop_token& stop);
  void archive_history(const postgres::TimelineHistoryFile& file, const std::stop_token& stop);

  const StreamContext& in_;
  postgres::Connection sql_;
  postgres::ReplicationConnection replication_;
  postgres::ServerIdentity server_;
  postgres::TimelinePath path_{1, {}};
  Heartbeat heartbeat_{sql_};
  std::chrono::nanoseconds heard_{}, reported_{}, looked_{}, beat_{};
  std::optional<std::chrono::nanoseconds> waited_for_;  ///< since when the server asks for what isn't durable
  std::optional<std::chrono::nanoseconds> full_since_;
  postgres::Lsn reported_flush_;
  bool report_now_ = false;
};

}  // namespace owl::wal
