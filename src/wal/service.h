#pragma once

#include <filesystem>
#include <stop_token>

#include "base/clock.h"
#include "concurrency/guarded.h"
#include "observe/monitor.h"
#include "os/unix_socket.h"
#include "wal/archive_watch.h"
#include "wal/archiver.h"
#include "wal/disk_guard.h"
#include "wal/look_ahead.h"
#include "wal/stream.h"

namespace owl::wal {

struct ServiceOptions {
  LookAheadOptions look_ahead;
  std::uint32_t owner_uid = 0;  ///< of the data directory: may ask, beside root and ourselves
  postgres::SystemId system_id = 0;
  std::chrono::milliseconds level_every{5000}, look_at_disk_every{10'000};
  WatchOptions watch;                      ///< its data directory and system id are those above
  std::string name;                        ///< the set-up's, for the metrics
  Guarded<StreamState>* stream = nullptr;  ///< of the stream that runs beside it; null: none does
  std::filesystem::path textfile;          ///< metrics are written to, every `watch.every`; empty: none
};

/// The resident WAL service: answers `owl-wal push` on a socket, looks ahead, and brings stores level that were away.
/// Runs until it is stopped.
///
/// Protocol (docs/wal.md): one line `push NAME\n`, and beside it the descriptors of the file, of global/pg_control and
/// of the data directory, opened by the server's own account, so that this process needs no right on any of them. The
/// answer is one line: `ok`, `error MESSAGE`, or `elsewhere`: this service is another cluster's, and the client does it
/// by itself. `status` is answered with `ok` and a JSON object.
void serve_wal(const os::SocketListener& listener, Archiver& archiver, const crypto::HostKeys& keys,
               const ServiceOptions& options, Clock& clock, Monitor& monitor, std::stop_token stop);

}  // namespace owl::wal
