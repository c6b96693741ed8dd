#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "os/file.h"
#include "os/system.h"
#include "postgres/base_backup.h"
#include "postgres/control_file.h"
#include "postgres/page.h"
#include "support/environment.h"
#include "support/postgres_server.h"

namespace owl::postgres {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::PostgresServer;

class OfVersion : public testing::TestWithParam<int> {};

TEST_P(OfVersion, FactsAreWhatPgControlSays) {
  PostgresServer server({.version = GetParam(), .settings = {"archive_mode = on", "archive_command = 'true'"}});
  Connection connection(server.connection());
  const auto facts = read_server_facts(connection);
  os::SystemClock clock;
  const auto control = read_control_file(server.data_dir(), clock).parsed;
  EXPECT_EQ(major_version(facts.version), GetParam());
  EXPECT_EQ(control.major, GetParam());
  EXPECT_EQ(facts.system_id, control.system_id);
  EXPECT_EQ(facts.data_directory, server.data_dir().string());
  EXPECT_FALSE(facts.in_recovery);
  EXPECT_EQ(facts.block_size, control.block_size);
  EXPECT_EQ(facts.wal_segment_size, control.wal_segment_size);
  EXPECT_TRUE(facts.checksums);
  EXPECT_EQ(control.data_checksum_version, 1u);
  EXPECT_TRUE(facts.full_page_writes);
  EXPECT_EQ(facts.wal_level, "replica");
  EXPECT_EQ(facts.archive_mode, "on");
  EXPECT_EQ(facts.archive_command, "true");
  EXPECT_EQ(facts.archive_library, "");
  EXPECT_EQ(facts.timeline, 1u);
  EXPECT_EQ(control.state, ClusterState::in_production);
  EXPECT_EQ(std::to_string(control.max_connections), server.psql("SHOW max_connections"));
  EXPECT_EQ(std::to_string(control.max_worker_processes), server.psql("SHOW max_worker_processes"));
  EXPECT_EQ(std::to_string(control.max_locks_per_transaction), server.psql("SHOW max_locks_per_transaction"));
  EXPECT_EQ(control.wal_level, 1);

  EXPECT_TRUE(server_is_running(server.data_dir()));
  server.stop();
  EXPECT_FALSE(server_is_running(server.data_dir()));
  EXPECT_EQ(read_control_file(server.data_dir(), clock).parsed.state, ClusterState::shut_down);
}

TEST_P(OfVersion, StartAndStop) {
  PostgresServer server({.version = GetParam()});
  Connection connection(server.connection());
  OnlineBackup backup(connection, "owlbackup test", true);
  backup.check_alive();
  server.psql("CREATE TABLE t AS SELECT generate_series(1, 1000)");
  const auto stop = backup.stop();
  EXPECT_GT(stop.stop, backup.start_lsn());
  EXPECT_EQ(stop.tablespace_map, "");
  const auto label = value_or_throw(parse_backup_label(stop.label_file));
  EXPECT_EQ(label.start, backup.start_lsn());
  EXPECT_EQ(label.label, "owlbackup test");
  EXPECT_EQ(label.method, "streamed");
  EXPECT_EQ(label.from, GetParam() == 13 ? "master" : "primary");
  EXPECT_EQ(label.timeline, 1u);
  EXPECT_EQ(label.start_segment, to_file_name(segment_of(1, label.start, 16 << 20), 16 << 20));
  EXPECT_EQ(connection.query_text("SELECT 1"), "1");  // a backup that was stopped leaves its session
}

TEST_P(OfVersion, EveryPageOfAServerIsGood) {
  PostgresServer server({.version = GetParam()});
  server.psql(
      "CREATE TABLE t(a int PRIMARY KEY, b text); INSERT INTO t SELECT g, repeat('x', g % 500) FROM "
      "generate_series(1, 30000) g; VACUUM t; CREATE INDEX ON t USING gin(to_tsvector('simple', b));");
  server.stop();
  std::size_t pages = 0;
  for (const auto& entry : fs::recursive_directory_iterator(server.data_dir() / "base")) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.find_first_not_of("0123456789_fsmv") != std::string::npos) continue;
    const Bytes bytes = os::read_file(entry.path());
    std::vector<std::uint32_t> bad;
    EXPECT_EQ(find_bad_pages(bytes, 8192, 0, true, bad), 0u) << entry.path();
    EXPECT_EQ(find_bad_pages(bytes, 8192, 0, false, bad), 0u) << entry.path();
    pages += bytes.size() / 8192;
  }
  EXPECT_GT(pages, 1500u);
}

INSTANTIATE_TEST_SUITE_P(All, OfVersion, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

TEST(OnlineBackupTest, ALostSessionIsALostBackup) {
  PostgresServer server;
  Connection connection(server.connection());
  OnlineBackup backup(connection, "x", true);
  server.psql("SELECT pg_terminate_backend(" + std::to_string(connection.backend_pid()) + ")");
  for (int i = 0; i < 200 && connection.alive(); ++i) std::this_thread::sleep_for(10ms);
  for (const bool stop : {false, true}) {
    try {
      if (stop) {
        backup.stop();
      } else {
        backup.check_alive();
      }
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::conflict);
      EXPECT_EQ(error.message(), "the session that the backup began in is gone; the server has forgotten the backup");
    }
  }
}

TEST(OnlineBackupTest, AnUnfinishedOneEndsItsSession) {
  PostgresServer server;
  Connection connection(server.connection());
  const auto pid = std::to_string(connection.backend_pid());
  { const OnlineBackup backup(connection, "x", true); }
  EXPECT_FALSE(connection.alive());
  std::string count;
  for (int i = 0; i < 200 && count != "0"; ++i) {
    count = server.psql("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid);
  }
  EXPECT_EQ(count, "0");
}

TEST(OnlineBackupTest, LeastRights) {
  PostgresServer server;
  server.psql(
      "CREATE ROLE owl LOGIN; GRANT pg_read_all_settings TO owl;"
      "GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean) TO owl");
  Connection connection(server.connection() + " user=owl");
  EXPECT_EQ(read_server_facts(connection).data_directory, server.data_dir().string());
  EXPECT_FALSE(read_settings(connection).empty());
  OnlineBackup(connection, "x", true).stop();
  try {
    read_config_files(connection);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::denied);
    server.psql(error.hint().substr(error.hint().find("GRANT")));
  }
  EXPECT_EQ(read_config_files(connection).size(), 3u);
}

TEST(OnlineBackupTest, TheTimelineIsTheOneWrittenTo) {
  PostgresServer server;
  server.psql("CREATE TABLE t(a int)");
  server.stop();
  os::replace_file(server.data_dir() / "standby.signal", {});
  test::give_to_server_user(server.data_dir() / "standby.signal");
  server.start();
  {
    Connection standby(server.connection());
    const auto facts = read_server_facts(standby);
    EXPECT_TRUE(facts.in_recovery);
    EXPECT_EQ(facts.timeline, 1u);
  }
  server.psql("SELECT pg_promote()");
  Connection primary(server.connection());
  EXPECT_EQ(read_server_facts(primary).timeline, 2u);
}

TEST(OnlineBackupTest, TablespacesAndConfiguration) {
  const test::TempDir place, more;
  test::give_to_server_user(place.path());
  os::replace_file(more / "more.conf", as_bytes("work_mem = 7MB\n"), 0644);
  PostgresServer server({.settings = {"include = '" + (more / "more.conf").string() + "'"}});
  server.psql("CREATE TABLESPACE elsewhere LOCATION '" + place.path().string() + "'");
  server.psql("SET allow_in_place_tablespaces = on; CREATE TABLESPACE in_place LOCATION ''");
  Connection connection(server.connection());
  const auto tablespaces = read_tablespaces(connection);
  ASSERT_EQ(tablespaces.size(), 2u);
  EXPECT_EQ(tablespaces[0].location, place.path().string());
  EXPECT_EQ(tablespaces[1].location, "");
  EXPECT_THAT(read_config_files(connection),
              testing::UnorderedElementsAre(
                  (server.data_dir() / "postgresql.conf").string(), (server.data_dir() / "pg_hba.conf").string(),
                  (server.data_dir() / "pg_ident.conf").string(), (more / "more.conf").string()));
  bool found = false;
  for (const auto& setting : read_settings(connection)) {
    EXPECT_NE(setting.name, "statement_timeout");  // of our own session
    if (setting.name != "work_mem") continue;
    found = true;
    EXPECT_EQ(setting.value, "7168");
    EXPECT_EQ(setting.source, "configuration file");
    EXPECT_EQ(setting.source_file, (more / "more.conf").string());
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace owl::postgres
