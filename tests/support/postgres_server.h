#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "os/process.h"
#include "support/ports.h"
#include "support/run.h"
#include "support/temp_dir.h"

namespace owl::test {

struct PostgresOptions {
  int version = 15;            ///< Debian's own 15; 13 to 18 as scripts/real/pg-install brings them
  bool data_checksums = true;  ///< of a new cluster
  /// Lines such as "archive_mode = on". A new cluster has them in its postgresql.conf; for `data_dir` they are given on
  /// the server's command line, where they overrule what the files say.
  std::vector<std::string> settings = {};
  /// An existing cluster, such as a restored one, which stays where it is. Empty: a new one is made.
  std::filesystem::path data_dir = {};
  bool start = true;
};

/// A real PostgreSQL server of its own, on a free port of 127.0.0.1 and a socket, without passwords; superuser
/// postgres. Runs as the user postgres where we are root. Ends with this object, and with this process however that
/// ends. A new cluster has wal_level = replica, and fsync = off: a killed server loses nothing by that, only a machine
/// does. One thread.
class PostgresServer {
 public:
  enum class Stop { smart, fast, immediate };

  explicit PostgresServer(PostgresOptions options = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// Starts it and waits until it takes connections. Throws Error with the end of its log where it doesn't come to
  /// that.
  void start(std::chrono::milliseconds deadline = std::chrono::minutes(5));
  /// Starts it and doesn't wait: for a recovery that is to stop, or to shut the server down.
  void launch();
  void wait_until_ready(std::chrono::milliseconds deadline = std::chrono::minutes(5));
  void stop(Stop how = Stop::fast);
  void restart();
  /// SIGKILL to every process of the server at once, as a power cut would do it.
  void kill9();
  bool running();
  /// Waits for a server that ends by itself; its exit code.
  int wait_for_exit(std::chrono::milliseconds deadline = std::chrono::minutes(5));

  /// What psql prints, unaligned, without headers and without the last newline. Throws Error where a statement fails.
  /// Each statement is a transaction of its own.
  std::string psql(const std::string& sql, const std::string& database = "postgres");
  RunResult try_psql(const std::string& sql, const std::string& database = "postgres");

  const std::filesystem::path& data_dir() const { return data_dir_; }
  const std::filesystem::path& socket_dir() const { return sockets_.path(); }
  /// initdb, pg_ctl, postgres; Debian's 15 has the client programs too.
  const std::filesystem::path& bin_dir() const { return bin_dir_; }
  int port() const { return ports_.first(); }
  int pid() const;
  std::string connection(const std::string& database = "postgres") const;  ///< in libpq's syntax, by the socket
  std::string log() const;                                                 ///< all that it wrote so far

 private:
  void initialise();
  std::vector<std::string> command() const;
  [[noreturn]] void fail(const std::string& what) const;

  PostgresOptions options_;
  std::filesystem::path bin_dir_;
  TempDir folder_;  ///< a new cluster, the log
  TempDir sockets_;
  std::filesystem::path data_dir_, log_file_;
  PortBlock ports_;
  std::optional<os::ChildProcess> server_;
  int owner_;
};

/// The folder of the server programs of a version; fetches them where they aren't there yet.
std::filesystem::path postgres_bin_dir(int version);

}  // namespace owl::test
