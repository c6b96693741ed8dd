#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "codec/json.h"
#include "e2e/stream_bench.h"
#include "postgres/connection.h"
#include "support/environment.h"

// Streaming under real servers: what is lost with the server and its disk is what was written in the last interval.

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

TEST_F(WalStream, WhatIsDurableSurvivesTheServerAndItsDisk) {
  Stream stream(site);
  for (int n = 1; n <= 3; ++n) insert_durably(n);
  EXPECT_GE(pieces(), 3u) << stream.log();
  lose_server();
  stream.stop();
  EXPECT_EQ(rows_restored("restored"), "1 2 3") << stream.log();
}

TEST_F(WalStream, LosesWithTheServerOnlyWhatItWroteLast) {
  Stream stream(site);
  insert_durably(1);
  std::vector<std::pair<int, std::chrono::steady_clock::time_point>> committed;
  for (int n = 2; n < 100; ++n) {
    site.psql("INSERT INTO log VALUES (" + std::to_string(n) + ")");
    committed.emplace_back(n, std::chrono::steady_clock::now());
  }
  lose_server();
  const auto lost_at = std::chrono::steady_clock::now();
  stream.stop();
  const auto rows = rows_restored("restored");
  for (const auto& [n, when] : committed) {
    if (lost_at - when < 1s + 2s) break;  // the interval, and what an upload may take on a busy host
    EXPECT_THAT(" " + rows + " ", HasSubstr(" " + std::to_string(n) + " "));
  }
}

TEST_F(WalStream, StatusCountsWhatWasStreamedAsWithinReach) {
  const auto lag = [&] {
    const auto status = value_or_throw(codec::Json::parse(site.owl({"--json", "wal", "status"}).out));
    return status["systems"].as_array()->at(0)["lag"];
  };
  site.psql("SELECT pg_logical_emit_message(false, 'e2e', repeat('x', 3000000));");
  EXPECT_GT(lag()["bytes"].unsigned_or(0), 2'000'000u) << lag().dump();
  Stream stream(site);
  insert_durably(1);
  EXPECT_TRUE(eventually([&] { return lag()["bytes"].unsigned_or(9'999'999) < 1'000'000; })) << lag().dump();
  EXPECT_LT(lag()["rpo_seconds"].number_or(1e9), 60) << lag().dump();
  EXPECT_TRUE(lag()["rpo_met"].bool_or(false));
}

TEST_F(WalStream, GoesOnAfterItWasKilledAndAfterTheServerRestarted) {
  Stream stream(site);
  insert_durably(1);
  stream.kill9();
  site.psql("INSERT INTO log VALUES (2); SELECT pg_switch_wal(); INSERT INTO log VALUES (3)");
  stream.start();
  insert_durably(4);
  const auto begin = std::chrono::steady_clock::now();
  site.server().restart();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s) << "it must not keep the server from shutting down";
  insert_durably(5);
  site.server().kill9();
  site.server().start();
  insert_durably(6);
  EXPECT_EQ(stream.stop(), 0) << stream.log();
  lose_server();
  EXPECT_EQ(rows_restored("restored"), "1 2 3 4 5 6") << stream.log();
  site.owl_ok({"verify", "--data"});
  site.owl_ok({"wal", "status"});
}

TEST_F(WalStream, ArchivesWholeSegmentsWithoutAnArchiveCommand) {
  site.psql("ALTER SYSTEM SET archive_command = '/bin/false'; SELECT pg_reload_conf();");
  Stream stream(site);
  std::vector<std::string> segments;
  for (int n = 1; n <= 4; ++n) {
    site.psql("INSERT INTO log VALUES (" + std::to_string(n) +
              "); SELECT pg_logical_emit_message(false, 'fill', repeat('x', 9000000));");
    segments.push_back(site.psql("SELECT pg_walfile_name(pg_current_wal_insert_lsn() - 1)"));
    if (n % 2 == 0) site.psql("SELECT pg_switch_wal()");
  }
  insert_durably(5);
  for (const auto& segment : segments)
    EXPECT_EQ(files_with(site.store() / "wal", segment).size(), 1u) << segment << stream.log();
  // The change map comes with it, so that a backup need not read everything.
  EXPECT_THAT(site.owl_ok({"wal", "show", segments[1], "--json"}), HasSubstr("\"changes\"")) << stream.log();
  site.owl_ok({"backup", "cluster"});
  lose_server();
  EXPECT_EQ(rows_restored("restored"), "1 2 3 4 5") << stream.log();
}

/// A ticket's recovery finds the pieces as the agent's does, after the restore has long ended.
TEST_F(WalStream, ARecoveryTicketLeadsToThePiecesToo) {
  Stream stream(site);
  for (int n = 1; n <= 3; ++n) insert_durably(n);
  lose_server();
  stream.stop();
  const auto to = site.target("ticket");
  site.owl_ok({"restore", "cluster", "--to", to, "--recovery-ticket"});
  PostgresServer server({.settings = {"archive_mode = off"}, .data_dir = to});
  ASSERT_TRUE(eventually([&] { return server.psql("SELECT pg_is_in_recovery()") == "f"; })) << server.log();
  EXPECT_EQ(server.psql("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log"), "1 2 3") << server.log();
}

TEST_F(WalStream, IsNoSynchronousStandbyUnlessAsked) {
  site.psql("ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf();");
  Stream stream(site);
  EXPECT_NE(stream.wait(), 0);
  EXPECT_THAT(stream.log(), AllOf(HasSubstr("synchronous_standby_names = '*' would make each commit wait"),
                                  HasSubstr("wal.stream_synchronous")));
  EXPECT_EQ(site.psql("SELECT count(*) FROM pg_stat_replication"), "0");
}

TEST_F(WalStream, AStoreThatIsAwayCostsTheServerNothingButDisk) {
  Stream stream(site);
  insert_durably(1);
  fs::permissions(site.store(), fs::perms::none);
  for (int n = 2; n <= 7; ++n) {  // more segments than are kept in memory
    site.psql("INSERT INTO log VALUES (" + std::to_string(n) +
              "); SELECT pg_logical_emit_message(false, 'fill', repeat('x', 9000000)); SELECT pg_switch_wal();");
  }
  const auto lsn = site.psql("SELECT pg_current_wal_flush_lsn()");
  ASSERT_TRUE(eventually([&] { return stream.says("could not be "); })) << stream.log();
  EXPECT_FALSE(is_durable(site.server(), lsn));
  const auto begin = std::chrono::steady_clock::now();
  site.server().restart();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 50s) << "it must not keep the server from shutting down";
  fs::permissions(site.store(), fs::perms::owner_all);
  EXPECT_TRUE(eventually([&] { return is_durable(site.server(), lsn); }, 120s)) << stream.log();
  insert_durably(8);
  lose_server();
  EXPECT_EQ(rows_restored("restored"), "1 2 3 4 5 6 7 8") << stream.log();
  site.owl_ok({"wal", "status"});
}

TEST_F(WalStream, NeedsNoMoreThanARoleThatMayReplicate) {
  site.psql("CREATE ROLE streamer LOGIN");
  const auto config =
      site.write_config({.name = "streamer", .connection = site.server().connection() + " user=streamer"});
  {
    Stream refused(site, {}, config);
    EXPECT_EQ(refused.wait(), 4) << refused.log();
  }
  site.psql("ALTER ROLE streamer REPLICATION");
  Stream stream(site, {}, config);
  insert_durably(1);
  EXPECT_EQ(site.psql("SELECT usename || ' ' || left(application_name, 10) FROM pg_stat_replication"),
            "streamer owlbackup_");
}

TEST_F(WalStream, DoctorLooksAtWhatItNeeds) {
  site.psql("CREATE ROLE streamer LOGIN IN ROLE pg_read_all_settings, pg_monitor");
  const auto config =
      site.write_config({.name = "streamer", .connection = site.server().connection() + " user=streamer"});
  {
    Stream begun(site);
    insert_durably(1);
  }  // there is a slot: so somebody streams
  const auto doctor = [&] { return site.owl({"doctor", "postgres"}, {{"OWLBACKUP_CONFIG", config}}).out; };
  EXPECT_THAT(doctor(), AllOf(HasSubstr("the role streamer may not replicate"),
                              HasSubstr("ALTER ROLE \"streamer\" REPLICATION;")));
  site.psql("ALTER ROLE streamer REPLICATION");
  EXPECT_THAT(doctor(), HasSubstr("WAL can be streamed"));
  site.psql("ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf();");
  EXPECT_TRUE(eventually([&] {
    return doctor().find("would make each commit wait for the stream") != std::string::npos;
  })) << doctor();
}

TEST(WalStreamSynchronous, ACommitWaitsUntilItIsStored) {
  Site site({.wal_settings = {"heartbeat = false", "stream_synchronous = true", "stream_interval = \"1h\""}});
  site.psql("CREATE TABLE log (n int PRIMARY KEY)");
  site.owl_ok({"backup", "cluster"});
  Stream stream(site);
  ASSERT_TRUE(eventually([&] { return stream.says("streaming WAL of timeline 1"); })) << stream.log();
  site.psql("ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf();");
  for (int n = 1; n <= 10; ++n) site.psql("INSERT INTO log VALUES (" + std::to_string(n) + ")");
  EXPECT_EQ(rows_after_loss(site, stream), "10") << stream.log();
}

TEST(WalStreamWithOneStoreAway, GoesOnWithTheOther) {
  Site site({.stores = {"primary", "secondary"},
             .acknowledge = "any",
             .wal_settings = {"stream_interval = \"1s\"", "heartbeat = false"}});
  site.psql("CREATE TABLE log (n int PRIMARY KEY)");
  site.owl_ok({"backup", "cluster"});
  fs::permissions(site.store("primary"), fs::perms::none);
  Stream stream(site);
  site.psql("INSERT INTO log VALUES (1); SELECT pg_switch_wal(); INSERT INTO log VALUES (2)");
  EXPECT_TRUE(becomes_durable(site.server())) << stream.log();
  EXPECT_GE(files_with(site.store("secondary") / "wal-open", "-").size(), 1u) << stream.log();
  stream.kill9();
  stream.start();
  site.psql("INSERT INTO log VALUES (3)");
  EXPECT_TRUE(becomes_durable(site.server())) << stream.log();
  fs::permissions(site.store("primary"), fs::perms::owner_all);
  EXPECT_EQ(rows_after_loss(site, stream), "3") << stream.log();
}

TEST(WalStreamInTheService, RunsBesideArchiving) {
  Site site({.wal_settings = {"stream = true", "stream_interval = \"1s\""}});
  site.psql("CREATE TABLE log (n int PRIMARY KEY)");
  EXPECT_THAT(site.owl_ok({"status"}),
              HasSubstr("Streaming     every 1.0 s to 1 store: at most 2592000 requests a month"));
  const auto log = site.folder() / "service.log";
  os::ChildProcess service({.argv = {"sh", "-c", "exec \"$@\" >>\"$0\" 2>&1", log, site.programs() / "owlbackup", "-c",
                                     site.config(), "wal", "serve"},
                            .working_folder = "/",
                            .user = server_user()},
                           false, false);
  ASSERT_TRUE(
      eventually([&] { return fs::exists(log) && read_text(log).find("streaming WAL of") != std::string::npos; }));
  site.owl_ok({"backup", "cluster"});
  for (int n = 1; n <= 3; ++n) site.psql("INSERT INTO log VALUES (" + std::to_string(n) + "); SELECT pg_switch_wal();");
  site.archive();
  site.psql("INSERT INTO log VALUES (4)");
  ASSERT_TRUE(becomes_durable(site.server())) << read_text(log);
  EXPECT_THAT(site.owl({"wal", "status"}).out,
              AllOf(HasSubstr("  stream  received up to "), HasSubstr(", durable up to ")));
  EXPECT_EQ(site.psql("SELECT failed_count FROM pg_stat_archiver"), "0") << site.server().log();
  site.server().kill9();
  fs::remove_all(site.server().data_dir());
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(), 0) << read_text(log);
  postgres::Connection restored(
      Site::connection_in(site.owl_ok({"restore", "cluster", "--to", site.target("restored"), "--start"})));
  EXPECT_EQ(restored.query_text("SELECT count(*) FROM log"), "4") << read_text(log);
}

/// Streaming is a road of its own: a server that archives nothing can be backed up and restored.
TEST(WalStreamAlone, IsEnoughForABackup) {
  Site site(streaming());
  site.psql("CREATE TABLE log (n int PRIMARY KEY); ALTER SYSTEM SET archive_mode = 'off'");
  site.server().restart();
  const auto refused = site.owl({"backup", "cluster"});
  EXPECT_EQ(refused.exit_code, 1) << refused;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("archive_mode is off"), HasSubstr("or let `owlbackup wal stream` run")));
  Stream stream(site);
  ASSERT_TRUE(eventually([&] { return stream.says("streaming WAL of timeline 1"); })) << stream.log();
  EXPECT_THAT(site.owl({"doctor"}).out, HasSubstr("WAL is streamed (slot owlbackup)"));
  site.owl_ok({"backup", "cluster"});
  site.psql("INSERT INTO log VALUES (1)");
  ASSERT_TRUE(becomes_durable(site.server())) << stream.log();
  EXPECT_EQ(rows_after_loss(site, stream), "1") << stream.log();
}

TEST(WalStreamHeartbeat, MakesAMomentReachableWhereNobodyWrites) {
  Site site({.wal_settings = {"stream_interval = \"1s\""}});
  site.psql("CREATE TABLE log (n int PRIMARY KEY)");
  site.owl_ok({"backup", "cluster"});
  site.psql("INSERT INTO log VALUES (1)");
  std::this_thread::sleep_for(20ms);
  const auto moment = site.now();
  const auto to = site.target("restored");
  const std::vector<std::string> restore{"restore", "cluster", "--to", to, "--start", "--target-time", moment};
  EXPECT_NE(site.owl(restore).exit_code, 0) << "nothing ended later";
  Stream stream(site);
  ASSERT_TRUE(eventually([&] {
    return site.psql("SELECT count(*) FROM pg_replication_slots WHERE restart_lsn >= pg_current_wal_flush_lsn()") ==
           "1";
  })) << stream.log();
  site.server().kill9();
  stream.stop();
  postgres::Connection restored(Site::connection_in(site.owl_ok(restore)));
  EXPECT_EQ(restored.query_text("SELECT count(*) FROM log"), "1") << stream.log();
}

class WalStreamOfVersion : public testing::TestWithParam<int> {};

TEST_P(WalStreamOfVersion, SurvivesTheServer) {
  Site site(streaming(GetParam()));
  site.psql("CREATE TABLE log (n int PRIMARY KEY)");
  site.owl_ok({"backup", "cluster"});
  Stream stream(site);
  site.psql("INSERT INTO log VALUES (1); SELECT pg_switch_wal(); INSERT INTO log VALUES (2)");
  ASSERT_TRUE(becomes_durable(site.server())) << stream.log();
  EXPECT_EQ(rows_after_loss(site, stream), "2") << stream.log();
}
INSTANTIATE_TEST_SUITE_P(Versions, WalStreamOfVersion, testing::Values(13, 18), testing::PrintToStringParamName());

}  // namespace
}  // namespace owl::test
