#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "e2e/standby.h"
#include "e2e/wal_service.h"
#include "postgres/connection.h"
#include "support/environment.h"
#include "support/eventually.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// A primary that archives, and a streaming standby with archive_mode = on: what it gets by streaming it marks as
/// archived, whether the primary had archived it or not.
class Failover : public testing::Test {
 protected:
  void SetUp() override {
    site.psql("CREATE TABLE log (n int PRIMARY KEY); INSERT INTO log VALUES (1);");
    site.owl_ok({"backup", "cluster"});
    pair.emplace(site);
    standby = &pair->server();
    ASSERT_EQ(as_standby({"doctor", "--enrol"}).exit_code, 0);
  }

  RunResult as_standby(std::vector<std::string> arguments) { return pair->owl(std::move(arguments)); }
  /// Itself, and not as .partial.
  bool is_stored(const std::string& segment) {
    const auto objects = site.wal_objects(segment);
    return std::ranges::any_of(objects, [&](const fs::path& object) { return object.filename() == segment; });
  }

  Site site{{.wal_settings = {"check = \"1s\""}}};
  std::optional<Standby> pair;
  PostgresServer* standby = nullptr;
};

TEST_F(Failover, WhatTheDeadPrimaryHadNotArchivedIsArchivedByTheNewOne) {
  site.archive();
  WalService service(site, {.config = pair->config(), .socket = pair->socket()});
  service.start();
  const auto status_before = as_standby({"--json", "wal", "status"});
  EXPECT_THAT(status_before.out, HasSubstr("\"in_recovery\":true"));
  EXPECT_THAT(status_before.out, HasSubstr("\"rpo_seconds\":null")) << "a standby can't tell what its primary wrote";

  // The primary can't archive any more, writes on, and dies.
  site.psql("ALTER SYSTEM SET archive_command = '/bin/false'; SELECT pg_reload_conf();");
  std::vector<std::string> segments;
  for (int n = 2; n <= 4; ++n) {
    site.psql("INSERT INTO log VALUES (" + std::to_string(n) + ");");
    segments.push_back(site.psql("SELECT pg_walfile_name(pg_current_wal_insert_lsn());"));
    site.psql("SELECT pg_switch_wal();");
  }
  site.psql("INSERT INTO log VALUES (5);");
  const auto end = site.psql("SELECT pg_current_wal_flush_lsn();");
  ASSERT_TRUE(eventually([&] { return standby->psql("SELECT pg_last_wal_replay_lsn() >= '" + end + "';") == "t"; }));
  site.server().kill9();
  for (const auto& segment : segments) {
    ASSERT_FALSE(is_stored(segment)) << segment;
    ASSERT_TRUE(fs::exists(standby->data_dir() / "pg_wal/archive_status" / (segment + ".done"))) << segment;
  }

  ASSERT_EQ(standby->psql("SELECT pg_promote();"), "t");
  for (const auto& segment : segments) {
    EXPECT_TRUE(eventually([&] { return is_stored(segment); })) << segment << service.log();
    const auto told = segment + " was in no store: archived again from pg_wal";  // a moment after it was stored
    EXPECT_TRUE(eventually([&] { return service.log().find(told) != std::string::npos; })) << told << service.log();
  }
  standby->psql("INSERT INTO log VALUES (6);");
  const auto last = standby->psql("SELECT pg_walfile_name(pg_current_wal_insert_lsn());");
  ASSERT_EQ(last.substr(0, 8), "00000002");
  standby->psql("SELECT pg_switch_wal();");
  site.wait_for_archived(*standby, last);

  const auto status = as_standby({"wal", "status"});
  EXPECT_EQ(status.exit_code, 0) << status;
  EXPECT_THAT(status.out, HasSubstr("1 at 0/")) << "the child's parent and fork";
  const auto fork_segment = "00000001" + last.substr(8);
  EXPECT_FALSE(is_stored(fork_segment)) << "the standby got only its beginning, and the child supplies it";

  const auto to = site.target("restored");
  const auto restored = as_standby({"restore", "cluster", "--to", to, "--start"});
  ASSERT_EQ(restored.exit_code, 0) << restored;
  postgres::Connection connection(Site::connection_in(restored.out));
  EXPECT_EQ(connection.query_text("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log"), "1 2 3 4 5 6");
}

TEST_F(Failover, DoctorRecommendsWhatLosesNothing) {
  const auto as_primary = site.owl({"doctor", "postgres"});
  EXPECT_THAT(as_primary.out, HasSubstr("archive_mode is on, and this server has a standby"));
  EXPECT_THAT(as_primary.out, HasSubstr("archive_mode = always"));
  const auto on_standby = as_standby({"doctor", "postgres"});
  EXPECT_THAT(on_standby.out, HasSubstr("archive_mode is on, and this server is a standby"));
}

}  // namespace
}  // namespace owl::test
