#include <gmock/gmock.h>

#include "e2e/stream_bench.h"

// Streaming over changes of server and timeline.

namespace owl::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

/// A server and its standby.
class WalStreamPair : public WalStream {
 protected:
  WalStreamPair() : WalStream(keeping_wal()) {}
  PostgresServer& make_standby() {
    const auto copy = site.folder() / "standby";
    const auto made = site.as_server(
        {site.postgres_program("pg_basebackup"), "-R", "-c", "fast", "-D", copy, "-d", site.server().connection()});
    EXPECT_EQ(made.exit_code, 0) << made;
    standby_ = std::make_unique<PostgresServer>(
        PostgresOptions{.settings = {"archive_mode = on", "archive_command = '/bin/false'"}, .data_dir = copy});
    return *standby_;
  }

 private:
  static SiteOptions keeping_wal() {
    auto options = streaming();
    options.server_settings = {"wal_keep_size = 256MB"};
    return options;
  }

  std::unique_ptr<PostgresServer> standby_;
};

/// A stream from the standby, which is promoted.
TEST_F(WalStreamPair, GoesOnWithTheNewTimeline) {
  auto& standby = make_standby();
  const auto config = site.write_config({.name = "standby", .connection = standby.connection()});
  Stream stream(site, {}, config);
  site.psql("INSERT INTO log VALUES (1); SELECT pg_switch_wal(); INSERT INTO log VALUES (2)");
  ASSERT_TRUE(becomes_durable(site.server(), standby)) << stream.log();
  standby.psql("SELECT pg_promote()");
  standby.psql("INSERT INTO log VALUES (3)");
  ASSERT_TRUE(becomes_durable(standby)) << stream.log();
  EXPECT_TRUE(stream.says("the server goes on with timeline 2")) << stream.log();
  site.psql("INSERT INTO log VALUES (100)");  // the old primary's own history goes on
  standby.kill9();
  site.server().kill9();
  stream.stop();
  EXPECT_EQ(rows_restored("restored"), "1 2 3") << stream.log();
}

/// The primary dies; who streams finds the new one by a connection string with both.
TEST_F(WalStreamPair, FindsTheNewPrimaryAndMakesItsSlotThere) {
  auto& standby = make_standby();
  const auto both = "host=" + site.server().socket_dir().string() + "," + standby.socket_dir().string() +
                    " port=" + std::to_string(site.server().port()) + "," + std::to_string(standby.port()) +
                    " user=postgres dbname=postgres target_session_attrs=read-write";
  Stream stream(site, {}, site.write_config({.name = "both", .connection = both}));
  site.psql("INSERT INTO log VALUES (1)");
  ASSERT_TRUE(becomes_durable(site.server())) << stream.log();
  const auto end = site.psql("SELECT pg_current_wal_flush_lsn()");
  ASSERT_TRUE(eventually([&] { return standby.psql("SELECT pg_last_wal_replay_lsn() >= '" + end + "'") == "t"; }));
  site.server().kill9();
  standby.psql("SELECT pg_promote()");
  standby.psql("INSERT INTO log VALUES (2)");
  ASSERT_TRUE(becomes_durable(standby)) << stream.log();
  EXPECT_TRUE(stream.says("streaming WAL of timeline 2")) << stream.log();
  EXPECT_FALSE(stream.says("WAL is missing")) << stream.log();
  standby.kill9();
  stream.stop();
  EXPECT_EQ(rows_restored("restored"), "1 2") << stream.log();
}

/// A copy that was restored to an earlier moment and promoted: its timeline is not the archive's business.
TEST_F(WalStream, ARestoredCopyIsRefusedUntilAPersonSaysSo) {
  site.psql("INSERT INTO log VALUES (1)");
  std::this_thread::sleep_for(20ms);
  const auto moment = site.now();
  std::this_thread::sleep_for(20ms);
  for (int n = 2; n <= 4; ++n) site.psql("INSERT INTO log VALUES (" + std::to_string(n) + "); SELECT pg_switch_wal();");
  site.archive();
  const auto to = site.target("copy");
  site.owl_ok({"restore", "cluster", "--to", to, "--target-time", moment});
  PostgresServer copy({.settings = {"archive_mode = on", "archive_command = '/bin/false'"}, .data_dir = to});
  ASSERT_TRUE(eventually([&] { return copy.psql("SELECT pg_is_in_recovery()") == "f"; }));
  const auto config = site.write_config({.name = "copy", .connection = copy.connection()});
  {
    Stream refused(site, {}, config);
    EXPECT_EQ(refused.wait(), 1) << refused.log();
    EXPECT_THAT(refused.log(), AllOf(HasSubstr("which left timeline 1 at"), HasSubstr("wal stream --new-timeline")));
    EXPECT_TRUE(site.wal_objects("00000002.history").empty());
  }
  Stream stream(site, {"--new-timeline"}, config);
  EXPECT_TRUE(eventually([&] { return stream.says("streaming WAL of timeline 2"); })) << stream.log();
  EXPECT_EQ(site.wal_objects("00000002.history").size(), 1u);
}

}  // namespace
}  // namespace owl::test
