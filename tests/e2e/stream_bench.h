#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "os/process.h"
#include "postgres/connection.h"
#include "support/environment.h"
#include "support/eventually.h"

namespace owl::test {

/// `owlbackup wal stream` beside a site, for as long as it lives.
class Stream {
 public:
  explicit Stream(Site& site, std::vector<std::string> arguments = {}, std::filesystem::path config = {})
      : site_(site), arguments_(std::move(arguments)), config_(config.empty() ? site.config() : std::move(config)) {
    start();
  }
  ~Stream() { stop(); }
  Stream(const Stream&) = delete;

  void start() {
    std::vector<std::string> argv{
        "sh",  "-c",    "exec \"$@\" >>\"$0\" 2>&1", log_file(), site_.programs() / "owlbackup", "-c", config_,
        "wal", "stream"};
    argv.insert(argv.end(), arguments_.begin(), arguments_.end());
    process_ = std::make_unique<os::ChildProcess>(
        os::ProcessOptions{.argv = argv, .working_folder = "/", .user = server_user()}, false, false);
  }
  void kill9() {
    process_->signal(SIGKILL);
    process_->wait();
    process_.reset();
  }
  int stop() {
    if (!process_) return 0;
    process_->signal(SIGTERM);
    return wait();
  }
  /// Of one that ends by itself.
  int wait() {
    const int code = process_->wait();
    process_.reset();
    return code;
  }
  std::string log() const { return std::filesystem::exists(log_file()) ? read_text(log_file()) : ""; }
  bool says(const std::string& text) const { return log().find(text) != std::string::npos; }

 private:
  std::filesystem::path log_file() const { return site_.folder() / "stream.log"; }

  Site& site_;
  std::vector<std::string> arguments_;
  std::filesystem::path config_;
  std::unique_ptr<os::ChildProcess> process_;
};

/// The slot of the server that is streamed from tells what the stream has called durable.
inline bool is_durable(PostgresServer& told, const std::string& lsn) {
  return told.psql("SELECT coalesce(bool_or(restart_lsn >= '" + lsn + "'), false) FROM pg_replication_slots") == "t";
}
/// All that `server` has flushed by now, as the one that is streamed from tells: itself, or its standby.
inline bool becomes_durable(PostgresServer& server, PostgresServer& told) {
  const auto lsn = server.psql("SELECT pg_current_wal_flush_lsn()");
  return eventually([&] { return is_durable(told, lsn); }, std::chrono::seconds(60));
}
inline bool becomes_durable(PostgresServer& server) {
  return becomes_durable(server, server);
}

/// The server and its disk are gone: how many rows of the table log does a restore bring back?
inline std::string rows_after_loss(Site& site, Stream& stream) {
  site.server().kill9();
  std::filesystem::remove_all(site.server().data_dir());
  stream.stop();
  postgres::Connection restored(
      Site::connection_in(site.owl_ok({"restore", "cluster", "--to", site.target("restored"), "--start"})));
  return restored.query_text("SELECT count(*) FROM log");
}

inline SiteOptions streaming(int version = 15) {
  return {.wal_settings = {"stream_interval = \"1s\"", "heartbeat = false"}, .version = version};
}

class WalStream : public testing::Test {
 protected:
  explicit WalStream(SiteOptions options = streaming()) : site(std::move(options)) {}
  void SetUp() override {
    site.psql("CREATE TABLE log (n int PRIMARY KEY)");
    site.owl_ok({"backup", "cluster"});
  }

  Site site;

  std::size_t pieces() { return files_with(site.store() / "wal-open", "-").size(); }
  /// One more row, in a transaction of its own; waits until it is durable outside the server.
  void insert_durably(int n) {
    site.psql("INSERT INTO log VALUES (" + std::to_string(n) + ")");
    ASSERT_TRUE(becomes_durable(site.server()));
  }
  void lose_server() {
    site.server().kill9();
    std::filesystem::remove_all(site.server().data_dir());
  }
  std::string rows_restored(std::string_view name, const std::vector<std::string>& target = {}) {
    std::vector<std::string> arguments{"restore", "cluster", "--to", site.target(name), "--start"};
    arguments.insert(arguments.end(), target.begin(), target.end());
    postgres::Connection connection(Site::connection_in(site.owl_ok(arguments)));
    return connection.query_text("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log");
  }
};

}  // namespace owl::test
