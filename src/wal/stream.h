#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "concurrency/guarded.h"
#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/stores.h"
#include "wal/archiver.h"

namespace owl::wal {

struct StreamOptions {
  std::string connection;  ///< libpq's syntax; used with and without the replication protocol
  std::string slot = "owlbackup";
  std::string application_name = "owlbackup";
  bool create_slot = false;   ///< even where there was one before, or it was invalidated
  bool new_timeline = false;  ///< archive the server's timeline although its parent goes on in the archive
  bool synchronous = false;   ///< may count as a synchronous standby; pieces are then stored without any pause
  std::chrono::milliseconds interval{5000};     ///< between pieces of the open segment
  std::chrono::milliseconds heartbeat{60'000};  ///< 0: none
  std::size_t open_stores = 1;
  std::function<void(repository::StoreSet::Member&)> check = {};  ///< as LaneOptions::check
  int zstd_level = 3;
};

/// How streaming goes, for status.
struct StreamState {
  bool connected = false;
  postgres::TimelineId timeline = 0;
  postgres::Lsn received, flushed;
  std::uint64_t pieces = 0, piece_bytes = 0, segments = 0;  ///< stored since the start
  Timestamp last_piece;                                     ///< when the last one became durable; 0: none
  std::string last_error;                                   ///< empty: none since it last worked
};

/// Receives WAL over the replication protocol, keeps pieces of the open segment durable every few seconds, and archives
/// each segment that is complete as `push` does. The server is told that WAL is flushed only when it is durable: then
/// the slot lets go of it. Runs until `stop`, over restarts of the server, cut connections and changes of timeline.
///
/// Ends with an error where only a person can help: a slot that was lost, another cluster, a copy, a server that would
/// wait for it at each commit.
void stream_wal(const StreamOptions& options, Archiver& archiver, repository::StoreSet& stores,
                const crypto::HostKeys& keys, Guarded<StreamState>& state, Clock& clock, Random& random,
                Monitor& monitor, std::stop_token stop);

}  // namespace owl::wal
