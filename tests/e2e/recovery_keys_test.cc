#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "support/eventually.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr int stops_recovery = 200;  // above 125: PostgreSQL must not take it for the end of the archive

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// PostgreSQL calls for WAL without a terminal and long after the restore has ended: what it finds of keys by then.
class RecoveryKeys : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    site = std::make_unique<Site>();
    site->psql("CREATE TABLE log (n int PRIMARY KEY); INSERT INTO log VALUES (1);");
    site->owl_ok({"backup", "cluster"});
    for (int n = 2; n <= 4; ++n) {
      site->psql("INSERT INTO log VALUES (" + std::to_string(n) + ");");
      if (n < 4) site->archive();
    }
    std::this_thread::sleep_for(20ms);
    moment = site->now();
    std::this_thread::sleep_for(20ms);
    site->psql("INSERT INTO log VALUES (5);");
    site->archive();
  }
  static void TearDownTestSuite() { site.reset(); }

  static fs::path restore(std::string_view name, std::vector<std::string> more) {
    auto to = site->target(name);
    std::vector<std::string> arguments{"restore", "cluster", "--to", to, "--target-time", moment};
    arguments.insert(arguments.end(), more.begin(), more.end());
    output = site->owl_ok(arguments);
    return to;
  }

  static PostgresOptions by_hand(const fs::path& data_dir) {
    return {.settings = {"archive_mode = off"}, .data_dir = data_dir, .start = false};
  }

  static std::string rows(PostgresServer& server) {
    return server.psql("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log;");
  }
  static bool is_paused(PostgresServer& server) {
    return server.psql("SELECT pg_is_in_recovery() AND pg_get_wal_replay_pause_state() = 'paused';") == "t";
  }
  static uid_t owner_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_uid;
  }
  static std::vector<fs::path> sockets() { return files_or_sockets(site->state() / "run", ".sock"); }

  /// The one process that has the restore's data directory among its arguments and is no server.
  static void kill_agent_of(const fs::path& data_directory) {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const auto command = read_text(entry.path() / "cmdline");
      if (command.find("agent") == std::string::npos || command.find(data_directory.string()) == std::string::npos)
        continue;
      found.push_back(std::stoi(entry.path().filename().string()));
    }
    ASSERT_EQ(found.size(), 1u);
    ASSERT_EQ(::kill(found[0], SIGKILL), 0);
  }

  static std::vector<fs::path> files_or_sockets(const fs::path& folder, const std::string& ending) {
    std::vector<fs::path> found;
    if (!fs::exists(folder)) return found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ending) found.push_back(entry.path());
    }
    return found;
  }

  static inline std::unique_ptr<Site> site;
  static inline std::string moment, output;
};

TEST_F(RecoveryKeys, WithATicketARestartedServerStillFindsItsWal) {
  const auto to = restore("ticket", {"--recovery-ticket", "--target-action", "pause"});
  const auto tickets = files_or_sockets(site->state() / "tickets", ".ticket");
  ASSERT_EQ(tickets.size(), 1u);
  EXPECT_EQ(fs::status(tickets[0]).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(owner_of(tickets[0]), owner_of(to));
  EXPECT_THAT(read_text(to / "postgresql.auto.conf"),
              HasSubstr("wal fetch --ticket " + tickets[0].string() + " %f %p"));
  EXPECT_TRUE(sockets().empty());

  PostgresServer server(by_hand(to));
  server.start();
  ASSERT_TRUE(eventually([&] { return is_paused(server); })) << server.log();
  EXPECT_EQ(rows(server), "1 2 3 4");
  server.kill9();
  const auto fetched = count_of(server.log(), "restored log file");
  server.start();
  ASSERT_TRUE(eventually([&] { return is_paused(server); })) << server.log();
  EXPECT_EQ(rows(server), "1 2 3 4");
  EXPECT_GT(count_of(server.log(), "restored log file"), fetched);

  server.psql("SELECT pg_wal_replay_resume();");
  ASSERT_TRUE(eventually([&] { return server.psql("SELECT pg_is_in_recovery();") == "f"; })) << server.log();
  EXPECT_EQ(rows(server), "1 2 3 4");
  EXPECT_FALSE(fs::exists(tickets[0])) << "keys outlived the recovery that they were for";
  server.stop();
  site->owl_ok({"restore", "finish", "--to", to});
  EXPECT_FALSE(fs::exists(tickets[0].parent_path()));
}

TEST_F(RecoveryKeys, WithoutTicketAndAgentTheServerStopsRatherThanPromotes) {
  const auto to = restore("keyless", {});
  site->owl_ok({"restore", "finish", "--to", to});
  ASSERT_TRUE(eventually([] { return sockets().empty(); }));

  PostgresServer server(by_hand(to));
  server.launch();
  EXPECT_NE(server.wait_for_exit(), 0);
  EXPECT_THAT(server.log(), HasSubstr("no restore agent answers; start it with `owlbackup restore agent --to DIR`"));
  EXPECT_THAT(server.log(), Not(HasSubstr("selected new timeline ID")));
  EXPECT_TRUE(fs::exists(to / "recovery.signal"));
  EXPECT_FALSE(fs::exists(to / "pg_wal/00000002.history"));
}

TEST_F(RecoveryKeys, AfterARebootANewAgentLetsRecoveryGoOn) {
  const auto to = restore("rebooted", {"--target-action", "pause"});
  PostgresServer server(by_hand(to));
  server.start();
  ASSERT_TRUE(eventually([&] { return is_paused(server); })) << server.log();
  // What a reboot leaves of them: no process, no socket.
  server.kill9();
  ASSERT_EQ(sockets().size(), 1u);
  kill_agent_of(to);
  fs::remove(sockets()[0]);

  server.launch();
  EXPECT_NE(server.wait_for_exit(), 0);
  EXPECT_THAT(server.log(), HasSubstr("no restore agent answers; start it with `owlbackup restore agent --to DIR`"));
  EXPECT_TRUE(fs::exists(to / "recovery.signal"));

  EXPECT_EQ(site->owl_ok({"restore", "agent", "--to", to}),
            "Serving WAL for " + to.string() + " until its recovery has ended.\n");
  server.start();
  ASSERT_TRUE(eventually([&] { return is_paused(server); })) << server.log();
  EXPECT_EQ(rows(server), "1 2 3 4");
  server.psql("SELECT pg_wal_replay_resume();");
  EXPECT_TRUE(eventually([] { return sockets().empty(); })) << "the agent ends with the recovery";
}

TEST_F(RecoveryKeys, FetchWithoutKeysIsNeverTheEndOfTheArchive) {
  const auto destination = site->folder() / "fetched";
  const auto no_agent = site->as_server({site->programs() / "owl-wal", "--agent", site->folder() / "nowhere.sock",
                                         "fetch", "000000010000000000000001", destination});
  EXPECT_EQ(no_agent.exit_code, stops_recovery) << no_agent;
  const auto no_ticket =
      site->owl({"wal", "fetch", "--ticket", site->folder() / "no.ticket", "000000010000000000000001", destination});
  EXPECT_EQ(no_ticket.exit_code, stops_recovery) << no_ticket;
  EXPECT_FALSE(fs::exists(destination));
}

TEST_F(RecoveryKeys, TheAgentEndsAfterPromotion) {
  restore("promoted", {"--start"});
  EXPECT_THAT(Site::connection_in(output), HasSubstr("host="));
  EXPECT_TRUE(eventually([] { return sockets().empty(); }));
}

}  // namespace
}  // namespace owl::test
