#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "cluster/recovery_plan.h"
#include "observe/monitor.h"
#include "postgres/server_process.h"

namespace owl::cluster {

struct StartOptions {
  std::filesystem::path data_directory;
  std::filesystem::path programs;       ///< folder with postgres of the backup's major version
  std::filesystem::path run_directory;  ///< for our own configuration, socket and log, outside PGDATA
  std::optional<std::string> account;   ///< when we are root
  int port = 5432;
  std::map<std::string, std::string> settings = {};  ///< beside start_settings, and before them
  std::chrono::milliseconds deadline{std::chrono::hours(24)};
};
/// The settings that a restored cluster is started with, so that it can't fail for the want of its old configuration:
/// the five that must not be below the primary's (the greatest of pg_control and every PARAMETER_CHANGE up to the
/// target), preload libraries as recorded, archiving off, no TCP, own socket. They are given on the command line: the
/// restored postgresql.auto.conf has what ALTER SYSTEM set on the source, and overrules any other configuration file.
std::map<std::string, std::string> start_settings(const RecoveryPlan& plan);

/// For dynamic_shared_memory_type: posix, or mmap where `folder` is not open to every account, as in a chroot or a
/// small container; initdb chose for the source's host, not for this one.
std::string shared_memory_type(const std::filesystem::path& folder = "/dev/shm");

/// A restored server, and how its recovery came to rest.
struct RestoredServer {
  enum class Outcome { opened, paused, shut_down };
  postgres::ServerProcess process;
  Outcome outcome = Outcome::opened;
  postgres::Lsn reached;  ///< paused, shut_down: up to where WAL is replayed
  std::string
      last_transaction;  ///< paused: when the last one that was replayed ended, as PostgreSQL prints it; may be empty
};

/// Starts the restored cluster and waits until recovery has reached its target and done there what the target's action
/// says, showing replay progress. Throws with the end of the server's log where it ends before.
RestoredServer start_restored(const StartOptions& options, const RecoveryPlan& plan, Clock& clock, Monitor& monitor,
                              std::stop_token stop);

}  // namespace owl::cluster
