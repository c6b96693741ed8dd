#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "postgres/types.h"

namespace owl::postgres {

/// Where a PostgreSQL of one major version is installed. Looks in PATH's pg_config, /usr/lib/postgresql/N/bin,
/// /usr/pgsql-N/bin, /opt/homebrew and the folder given.
std::optional<std::filesystem::path> find_server_programs(int major, const std::filesystem::path& given = {});

/// A folder with pg_dump and pg_restore of that major version or a later one, which reads it, too: beside the server's
/// programs, or of any newer version that is installed.
std::optional<std::filesystem::path> find_dump_programs(int major, const std::filesystem::path& server_programs);

/// Runs initdb and postgres of ours: for `demo`, `restore --start` and restore tests. Never as root: as `account`.
struct ServerOptions {
  std::filesystem::path programs;  ///< the folder with initdb, pg_ctl, postgres
  std::filesystem::path data_directory;
  std::filesystem::path socket_directory;
  std::filesystem::path log_file;
  std::optional<std::filesystem::path> config_file = {};  ///< -c config_file=…: our own, outside the data directory
  std::optional<std::string> account = {};                ///< when we are root
  std::string role = {};                                  ///< to connect as; empty: the account's name
  std::map<std::string, std::string> settings = {};       ///< -c name=value
  int port = 5432;                                        ///< of the socket's name; TCP is off unless settings say so
};

void run_initdb(const ServerOptions& options, const std::vector<std::string>& arguments);

/// A running server; the destructor stops it (immediate) unless `detach` was called.
class ServerProcess {
 public:
  explicit ServerProcess(ServerOptions options);
  ServerProcess(ServerProcess&&) noexcept;
  ~ServerProcess();
  /// Starts postgres as a process of its own, without waiting until it is ready.
  void start();
  /// Until it accepts connections, or has ended; throws with the log's last lines.
  void wait_until_ready(Clock& clock, std::chrono::milliseconds deadline, std::stop_token stop = {});
  bool running() const;
  bool ready() const;                  ///< takes connections now
  void stop(const std::string& mode);  ///< smart | fast | immediate
  void kill();                         ///< SIGKILL to the postmaster and its children
  void detach();
  std::string conninfo(const std::string& database = "postgres") const;
  std::string log_tail(std::size_t lines = 30) const;

 private:
  ServerOptions options_;
  bool owned_ = true;
  int pid_ = 0;  ///< of the postmaster; 0: none of ours
};

}  // namespace owl::postgres
