#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "e2e/wal_service.h"
#include "postgres/connection.h"
#include "support/environment.h"
#include "support/eventually.h"

// WAL that was archived and is there no more: somebody deleted it, and everybody is told, in time.

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

class WalGaps : public testing::Test {
 protected:
  void SetUp() override {
    site.psql("CREATE TABLE log (n int PRIMARY KEY); INSERT INTO log VALUES (1);");
    site.owl_ok({"backup", "cluster"});
  }

  /// The next segments of WAL, with a row each; their names.
  std::vector<std::string> write_segments(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      names.push_back(
          site.psql("INSERT INTO log SELECT max(n) + 1 FROM log;"
                    "SELECT pg_walfile_name(pg_current_wal_insert_lsn());"));
      site.psql("SELECT pg_switch_wal();");
      site.wait_for_archived(site.server(), names.back());
    }
    return names;
  }
  /// Until the server has neither of them any more.
  void recycle(const std::vector<std::string>& segments) {
    for (const auto& segment : segments) {
      for (int i = 0; i < 40 && fs::exists(site.server().data_dir() / "pg_wal" / segment); ++i)
        site.psql("CHECKPOINT;");
      ASSERT_FALSE(fs::exists(site.server().data_dir() / "pg_wal" / segment));
    }
  }

  static std::string first_gap(const WalService& service) {
    const auto status = service.status();
    const auto* gaps = status ? (*status)["check"]["gaps"].as_array() : nullptr;
    return gaps == nullptr || gaps->empty() ? "" : (*gaps)[0]["first"].text_or("");
  }
  codec::Json status_json() { return value_or_throw(codec::Json::parse(site.owl({"--json", "wal", "status"}).out)); }

  Site site{{.stores = {"primary", "secondary"}, .wal_settings = {"check = \"1s\""}}};
};

TEST_F(WalGaps, OneDeletedByHandIsFoundNamedAndAcknowledged) {
  WalService service(site);
  service.start();
  const auto segments = write_segments(4);
  recycle({segments[1], segments[2]});
  const auto behind = site.now();
  site.psql("INSERT INTO log VALUES (100);");
  site.archive();
  ASSERT_TRUE(eventually([&] { return !(*service.status())["check"]["last_check"].is_null(); }));
  EXPECT_EQ(first_gap(service), "");
  EXPECT_EQ(site.owl({"wal", "status"}).exit_code, 0) << site.owl({"wal", "status"});

  const auto gap = segments[1] + ".." + segments[2];
  site.lose_wal(segments[1]);
  site.lose_wal(segments[2]);
  EXPECT_TRUE(eventually([&] { return first_gap(service) == segments[1]; }, 10s)) << service.log();
  EXPECT_THAT(service.log(), HasSubstr("WAL is missing: " + gap + " is in no store, nor in pg_wal"));

  const auto status = site.owl({"wal", "status"});
  EXPECT_EQ(status.exit_code, 3) << status;
  EXPECT_THAT(status.out, AllOf(HasSubstr("GAP       " + gap + " (2 segments, 0/"), HasSubstr("between 20"),
                                HasSubstr("NOT ACKNOWLEDGED")));
  EXPECT_THAT(status.err, HasSubstr("WAL is missing: " + gap));
  const auto json = status_json();
  const auto& told = json["systems"].as_array()->at(0)["gaps"].as_array()->at(0);
  EXPECT_EQ(told["first"].text_or(""), segments[1]);
  EXPECT_EQ(told["last"].text_or(""), segments[2]);
  EXPECT_EQ(told["segments"].integer_or(0), 2);
  EXPECT_FALSE(told["acknowledged"].bool_or(true));
  EXPECT_FALSE(told["after_time"].is_null());
  EXPECT_THAT(site.owl({"status"}).out, HasSubstr("1 GAPS: see `owlbackup wal status`"));

  const auto to = site.target("behind");
  const auto refused = site.owl({"restore", "cluster", "--to", to, "--target-time", behind});
  EXPECT_EQ(refused.exit_code, 1) << refused;
  EXPECT_THAT(refused.err, HasSubstr("WAL segment " + segments[1] + " is missing"));
  EXPECT_TRUE(is_untouched(to));

  const auto nothing = site.owl({"wal", "acknowledge-gap", segments[0]});
  EXPECT_EQ(nothing.exit_code, 2) << nothing;
  EXPECT_THAT(nothing.err, AllOf(HasSubstr("there is no gap in " + segments[0]), HasSubstr("The gaps are: " + gap)));
  site.owl_ok({"wal", "acknowledge-gap", gap, "--reason", "deleted by hand"});
  const auto after = site.owl({"wal", "status"});
  EXPECT_EQ(after.exit_code, 0) << after;
  EXPECT_THAT(after.out, AllOf(HasSubstr(gap), HasSubstr("acknowledged 20"), HasSubstr(": deleted by hand")));
  EXPECT_TRUE(eventually([&] { return (*service.status())["check"]["acknowledged_gaps"].integer_or(0) == 1; }));
  EXPECT_EQ(first_gap(service), "");
  EXPECT_EQ(site.owl({"restore", "cluster", "--to", to, "--target-time", behind}).exit_code, 1) << "as before";
}

TEST_F(WalGaps, WhatIsStillSomewhereComesBack) {
  WalService service(site);
  service.start();
  const auto segments = write_segments(3);
  ASSERT_TRUE(eventually([&] { return !(*service.status())["check"]["last_check"].is_null(); }));

  // From the other store, as it is sealed.
  recycle({segments[0]});
  const auto lost = files_with(site.store("secondary"), segments[0]).at(0);
  fs::remove(lost);
  EXPECT_TRUE(eventually([&] { return fs::exists(lost); })) << service.log();
  EXPECT_EQ(read_text(lost), read_text(files_with(site.store("primary"), segments[0]).at(0)));
  // Whichever looks first tells: the check, or the levelling at the service's start.
  EXPECT_THAT(service.log(), testing::AnyOf(HasSubstr("store secondary lost " + segments[0]),
                                            HasSubstr("1 WAL files brought level between the stores")));

  // From pg_wal, the newest one, which no later segment gives away.
  const auto newest = write_segments(1).front();
  ASSERT_TRUE(fs::exists(site.server().data_dir() / "pg_wal" / newest));
  site.lose_wal(newest);
  EXPECT_TRUE(eventually([&] { return site.wal_objects(newest).size() == 2; })) << service.log();
  EXPECT_THAT(service.log(), HasSubstr(newest + " was in no store: archived again from pg_wal"));
  EXPECT_EQ(first_gap(service), "");
  site.archive();
  site.owl_ok({"verify", "--data"});
}

TEST_F(WalGaps, TheDaemonMakesANewBaseBackup) {
  WalService daemon(site, {.command = {"serve"}});
  daemon.start();
  const auto segments = write_segments(3);
  recycle({segments[1]});
  const auto backups = [&] {
    return value_or_throw(codec::Json::parse(site.owl_ok({"--json", "list"}))).as_array()->size();
  };
  EXPECT_EQ(backups(), 1u);
  site.lose_wal(segments[1]);
  ASSERT_TRUE(eventually([&] { return backups() == 2; }, 120s)) << daemon.log();
  EXPECT_THAT(daemon.log(), HasSubstr("a new base backup begins, since " + segments[1] + " is missing"));
  site.psql("INSERT INTO log VALUES (200);");
  site.archive();
  const auto rows = site.psql("SELECT count(*) FROM log;");
  const auto to = site.target("restored");
  postgres::Connection restored(Site::connection_in(site.owl_ok({"restore", "cluster", "--to", to, "--start"})));
  EXPECT_EQ(restored.query_text("SELECT count(*) FROM log"), rows);
  EXPECT_EQ(daemon.stop(), 0);

  // The gap stands, and nobody makes another backup for it: neither this daemon nor the next.
  daemon.start();
  ASSERT_TRUE(eventually([&] { return first_gap(daemon) == segments[1]; })) << daemon.log();
  const auto seen = (*daemon.status())["check"]["last_check"].text_or("");
  ASSERT_TRUE(eventually([&] { return (*daemon.status())["check"]["last_check"].text_or("") > seen; }));
  EXPECT_EQ(backups(), 2u) << daemon.log();
}

/// Two clusters, one archive: each has its own system id, and so its own folder.
TEST_F(WalGaps, TwoClustersShareAnArchive) {
  const auto state = site.make("other-state");
  fs::copy_file(site.state() / "host.key", state / "host.key");
  give_to_server_user(state / "host.key");
  const auto config = site.folder() / "other.toml";
  const std::map<std::string, std::string> env{{"OWLBACKUP_CONFIG", config}};
  PostgresServer other(
      {.settings = {"archive_mode = on", "archive_command = 'OWLBACKUP_CONFIG=" + config.string() + " " +
                                             (site.programs() / "owl-wal").string() + " --socket " +
                                             (state / "wal.sock").string() + " push %p'"}});
  site.write_config({.name = "other", .connection = other.connection(), .state = state});
  ASSERT_EQ(site.owl({"doctor", "--enrol"}, env).exit_code, 0);
  other.psql("CREATE TABLE log AS SELECT 7 AS n;");
  const auto backup = site.owl({"backup", "cluster"}, env);
  ASSERT_EQ(backup.exit_code, 0) << backup;
  write_segments(2);
  const auto status = site.owl({"wal", "status"}, env);
  EXPECT_EQ(status.exit_code, 0) << status;
  EXPECT_EQ(status_json()["systems"].as_array()->size(), 2u);
  const auto to = site.target("other-restored");
  const auto restored = site.owl({"restore", "cluster", "--to", to, "--start"}, env);
  ASSERT_EQ(restored.exit_code, 0) << restored;
  postgres::Connection connection(Site::connection_in(restored.out));
  EXPECT_EQ(connection.query_text("SELECT string_agg(n::text, ' ') FROM log"), "7");
}

/// A snapshot of the data directory that is started as it is: same system id, same timeline, same archive_command.
TEST_F(WalGaps, ACopyOnTheSameTimelineMustNotArchive) {
  site.archive();
  site.server().stop();
  const auto copied = site.as_server({"cp", "-a", site.server().data_dir(), site.folder() / "copy"});
  ASSERT_EQ(copied.exit_code, 0) << copied;
  site.server().start();
  PostgresServer copy({.data_dir = site.folder() / "copy"});
  const auto segment = copy.psql("INSERT INTO log VALUES (999); SELECT pg_walfile_name(pg_current_wal_insert_lsn());");
  copy.psql("SELECT pg_switch_wal();");
  EXPECT_TRUE(eventually([&] { return copy.log().find("this is a copy of it") != std::string::npos; })) << copy.log();
  EXPECT_TRUE(site.wal_objects(segment).empty());

  site.psql("INSERT INTO log VALUES (50);");
  site.archive();
  EXPECT_FALSE(site.wal_objects(segment).empty());
  EXPECT_EQ(site.psql("SELECT failed_count FROM pg_stat_archiver;"), "0") << site.server().log();
  const auto to = site.target("restored");
  postgres::Connection restored(Site::connection_in(site.owl_ok({"restore", "cluster", "--to", to, "--start"})));
  EXPECT_EQ(restored.query_text("SELECT max(n) FROM log"), "50");
}

}  // namespace
}  // namespace owl::test
