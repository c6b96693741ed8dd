#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/invocation.h"
#include "codec/json.h"
#include "postgres/archive_progress.h"
#include "wal/archive_report.h"

namespace owl::app {

/// How far restores can go on the server's timeline: from a backup on, without a gap.
struct WalReach {
  postgres::Lsn end;
  std::optional<Timestamp> last_commit;  ///< of the last commit before it, where a segment near the end has one
  std::optional<Timestamp> streamed;     ///< what was written before is in reach, since it was streamed
};

/// What would be lost if the server's host vanished now. What can't be told is nullopt and never taken as good.
struct WalLag {
  std::optional<std::uint64_t> bytes, segments;  ///< written, and not within reach of a restore; segments: whole ones
  std::optional<std::chrono::microseconds> rpo;  ///< at most so much work, by commit times
  std::string unknown;                           ///< why not all is known; empty: it is
};

struct WalSystemStatus {
  wal::ArchiveReport report;
  bool of_server = false;  ///< the configured server is this cluster
  WalLag lag;
};

struct WalStatus {
  std::vector<WalSystemStatus> systems;
  std::optional<postgres::ArchiveProgress> server;
  std::string server_unknown;          ///< why the server tells nothing; empty: it does
  std::optional<codec::Json> service;  ///< what the WAL service answers; nullopt: none does
  std::filesystem::path socket;
  std::vector<std::string> stores;
};

/// Asks stores, server and service. A server or a service that doesn't answer is part of the result.
WalStatus gather_wal_status(Invocation& in, const crypto::HostKeys& keys);

/// Pure: from what is within reach and how far the server is.
WalLag measure_lag(const std::optional<WalReach>& reach, const postgres::ArchiveProgress& server);

/// One sentence for each thing that a person should see to.
std::vector<std::string> wal_warnings(const WalStatus& status, std::chrono::milliseconds rpo_objective);
codec::Json to_json(const WalStatus& status, std::chrono::milliseconds rpo_objective);
void say_wal_status(Output& out, const WalStatus& status, std::chrono::milliseconds rpo_objective);

/// "WAL …" lines of `status`.
void say_wal_sums(Output& out, const WalStatus& status, std::chrono::milliseconds rpo_objective);

}  // namespace owl::app
