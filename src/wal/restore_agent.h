#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "os/unix_socket.h"
#include "wal/prefetcher.h"

namespace owl::wal {

/// Serves `owl-wal fetch` during a recovery, with the keys in locked memory, on a Unix socket (0600, owned by PGDATA's
/// owner, whose credentials are checked on each connection).
///
/// Protocol (docs/wal.md): the client sends one line `fetch NAME\n` with the descriptor of the open destination file
/// (SCM_RIGHTS); the answer is one line: `ok`, `absent`, or `error MESSAGE`. `ping` answers `ok STATE`, where STATE is
/// a JSON object (files served, the last name, bytes); `stop` ends the agent.
struct AgentOptions {
  std::filesystem::path socket;
  std::filesystem::path data_directory;  ///< watched: the agent ends when its recovery has ended
  std::uint32_t owner_uid = 0;
  std::chrono::hours time_to_live{24 * 7};
  /// A client sends its request as it connects. One that says nothing, or doesn't read, holds up the others no longer.
  std::chrono::milliseconds patience{5000};
  std::chrono::milliseconds look_every{1000};  ///< whether the recovery, or the agent's time, is over
};
/// Listens where the agent's options say, for the data directory's owner alone. Throws Error(already_exists) where
/// another agent does.
os::SocketListener listen_as_agent(const AgentOptions& options);
/// Runs until promotion, stop, or until its time is up.
void serve_agent(const os::SocketListener& listener, const AgentOptions& options, Prefetcher& wal, Clock& clock,
                 std::stop_token stop);

/// What `ping` says; nullopt: no agent answers there.
std::optional<std::string> ask_agent(const std::filesystem::path& socket, std::string_view request);

}  // namespace owl::wal
