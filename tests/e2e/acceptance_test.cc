#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <thread>

#include "e2e/files.h"
#include "e2e/judges.h"
#include "e2e/site.h"
#include "os/process.h"
#include "postgres/connection.h"
#include "support/environment.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int small_relations = 5000;

/// What a cluster has that is hard to back up, all of it at once.
class Acceptance : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"one", "two"}) {
      const auto place = site.make("tablespace-" + std::string(name));
      site.psql("CREATE TABLESPACE " + std::string(name) + " LOCATION '" + place.string() + "';");
      maps.insert(maps.end(), {"--tablespace-map",
                               place.string() + "=" + (site.folder() / ("mapped-" + std::string(name))).string()});
    }
    pgbench({"--initialize", "--quiet", "--scale=5", "--tablespace=one", "--index-tablespace=two"});
    make_small_relations();
    site.psql("CREATE EXTENSION amcheck;");
    site.psql(
        "CREATE UNLOGGED TABLE unlogged (n int PRIMARY KEY); INSERT INTO unlogged SELECT generate_series(1, 1000);");
    site.psql("CREATE TABLE open_rows (n int); CREATE TABLE moments (accounts bigint, history bigint, delta bigint);");
  }

  /// Without autovacuum, which would look through a catalogue that grows all the while.
  void make_small_relations() {
    site.psql("ALTER SYSTEM SET autovacuum = off;");
    site.psql("SELECT pg_reload_conf();");
    site.psql("DO $$ BEGIN FOR i IN 1.." + std::to_string(small_relations) +
              " LOOP EXECUTE format('CREATE TABLE small_%s AS SELECT %s AS n', i, i); IF i % 500 = 0 THEN COMMIT; END "
              "IF; END LOOP; END $$;");
    site.psql("ALTER SYSTEM RESET autovacuum;");
    site.psql("SELECT pg_reload_conf();");
  }

  std::vector<std::string> pgbench_command(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{site.postgres_program("pgbench"), "--host=" + site.server().socket_dir().string(),
                                  "--port=" + std::to_string(site.server().port()), "--username=postgres"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back("postgres");
    return argv;
  }
  void pgbench(const std::vector<std::string>& arguments) {
    const auto result = site.as_server(pgbench_command(arguments));
    ASSERT_EQ(result.exit_code, 0) << result;
  }
  std::unique_ptr<os::ChildProcess> load_in_background() {
    std::vector<std::string> argv{"sh", "-c", "exec \"$@\" >\"$0\" 2>&1", site.folder() / "pgbench.log"};
    const auto command = pgbench_command({"--client=3", "--time=600", "--rate=150", "--no-vacuum"});
    argv.insert(argv.end(), command.begin(), command.end());
    return std::make_unique<os::ChildProcess>(
        os::ProcessOptions{.argv = argv, .working_folder = "/", .user = server_user()}, false, false);
  }

  /// A moment under load and what is there then, exactly: with these locks no other transaction on these tables ends
  /// between the counts and the commit, and the next one ends later. Its name is its own commit's time.
  std::string record_moment() {
    const auto xid = site.psql(
        "BEGIN; LOCK TABLE pgbench_accounts, pgbench_tellers, pgbench_branches, pgbench_history IN SHARE MODE;"
        "INSERT INTO moments SELECT (SELECT sum(abalance) FROM pgbench_accounts), count(*), sum(delta) FROM "
        "pgbench_history;"
        "SELECT pg_current_xact_id(); COMMIT;");
    return site.psql("SELECT to_char(pg_xact_commit_timestamp('" + xid +
                     "'::xid) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00';");
  }

  /// What was looked at has new hint bits, in thousands of files: their fsync at shutdown is the disk's time, not ours.
  static void without_fsync(const std::string& conninfo) {
    postgres::Connection connection(conninfo);
    connection.query("ALTER SYSTEM SET fsync = off");
    connection.query("SELECT pg_reload_conf()");
  }

  RunResult restore(const fs::path& to, std::vector<std::string> arguments) {
    std::vector<std::string> all{"restore", "cluster", "--to", to};
    all.insert(all.end(), arguments.begin(), arguments.end());
    all.insert(all.end(), maps.begin(), maps.end());
    return site.owl(all);
  }

  /// Both tablespaces lie where they were mapped to, and hold what they held: tables in one, indexes in the other.
  void expect_mapped_tablespaces(postgres::Connection& connection) {
    for (const std::string name : {"one", "two"}) {
      EXPECT_EQ(
          connection.query_text("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = $1", {name}),
          (site.folder() / ("mapped-" + name)).string());
    }
    EXPECT_EQ(
        connection.query_text("SELECT string_agg(t.spcname || ' ' || c.relname, ', ' ORDER BY t.spcname, c.relname)"
                              " FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace"
                              " WHERE c.relname LIKE 'pgbench%'"),
        "one pgbench_accounts, one pgbench_branches, one pgbench_history, one pgbench_tellers, "
        "two pgbench_accounts_pkey, two pgbench_branches_pkey, two pgbench_tellers_pkey");
  }

  Site site{
      {.server_settings = {"track_commit_timestamp = on", "max_locks_per_transaction = 256", "max_wal_size = 4GB"}}};
  std::vector<std::string> maps;
};

TEST_F(Acceptance, BackToAMomentUnderLoad) {
  postgres::Connection open_during_backup(site.server().connection()), never_committed(site.server().connection());
  open_during_backup.query("BEGIN");
  open_during_backup.query("INSERT INTO open_rows VALUES (1)");
  never_committed.query("CREATE TEMPORARY TABLE temporary AS SELECT generate_series(1, 10000) AS n");
  never_committed.query("BEGIN");
  never_committed.query("INSERT INTO open_rows VALUES (2)");
  ASSERT_THAT(temporary_files(site.server().data_dir()), Not(IsEmpty()));
  const auto load = load_in_background();

  site.owl_ok({"backup", "cluster"});
  open_during_backup.query("COMMIT");
  record_moment();
  std::this_thread::sleep_for(1s);
  const auto moment = record_moment();
  std::this_thread::sleep_for(1s);
  record_moment();
  ASSERT_FALSE(load->poll()) << read_text(site.folder() / "pgbench.log");
  load->signal(15);
  load->wait();
  site.archive();

  const auto to = site.target("restored");
  const auto restored = restore(to, {"--target-time", moment, "--target-action", "promote", "--start"});
  ASSERT_EQ(restored.exit_code, 0) << restored;
  const auto conninfo = Site::connection_in(restored.out);
  {
    postgres::Connection connection(conninfo);
    const auto value = [&](const std::string& sql) { return connection.query_text(sql); };
    EXPECT_EQ(value("SHOW data_checksums"), "on");
    expect_mapped_tablespaces(connection);
    EXPECT_EQ(value("SELECT count(*) FROM moments"), "2");
    EXPECT_EQ(value("SELECT history FROM moments ORDER BY history DESC LIMIT 1"),
              value("SELECT count(*) FROM pgbench_history"));
    EXPECT_EQ(value("SELECT delta FROM moments ORDER BY history DESC LIMIT 1"),
              value("SELECT sum(delta) FROM pgbench_history"));
    EXPECT_EQ(value("SELECT accounts FROM moments ORDER BY history DESC LIMIT 1"),
              value("SELECT sum(abalance) FROM pgbench_accounts"));
    EXPECT_GT(std::stoi(value("SELECT max(history) - min(history) FROM moments")), 0);
    EXPECT_EQ(value("SELECT count(*) FROM pgbench_accounts"), "500000");
    EXPECT_EQ(value("SELECT count(*) FROM pg_class WHERE relname LIKE 'small\\_%'"), std::to_string(small_relations));
    EXPECT_EQ(value("SELECT string_agg(n::text, ' ') FROM open_rows"), "1");
    EXPECT_EQ(value("SELECT count(*) FROM unlogged"), "0");
    EXPECT_EQ(value("SELECT sum((xpath('/row/n/text()', query_to_xml('SELECT n FROM ' || relname, true, true, "
                    "'')))[1]::text::bigint) "
                    "FROM pg_class WHERE relname LIKE 'small\\_%'"),
              std::to_string(small_relations * (small_relations + 1) / 2));
  }
  const auto amcheck =
      site.as_server({site.postgres_program("pg_amcheck"), "--all", "--jobs=2", "--maintenance-db=" + conninfo});
  EXPECT_EQ(amcheck.exit_code, 0) << amcheck;
  EXPECT_EQ(amcheck.out, "");
  without_fsync(conninfo);
  EXPECT_THAT(amcheck.err, Not(HasSubstr("skipping database \"postgres\"")));
  site.stop_restored(to);
  const auto checksums = site.as_server({site.postgres_program("pg_checksums"), "--check", "-D", to});
  EXPECT_EQ(checksums.exit_code, 0) << checksums;
  EXPECT_THAT(checksums.out, HasSubstr("Bad checksums:  0"));

  for (auto& map : maps) {
    if (map != "--tablespace-map") map += "-again";
  }
  const auto cold = site.target("cold");
  const auto again = restore(cold, {"--target-time", moment});
  ASSERT_EQ(again.exit_code, 0) << again;
  const auto verified = site.as_server({site.postgres_program("pg_verifybackup"), cold});
  EXPECT_EQ(verified.exit_code, 0) << verified;
  EXPECT_THAT(temporary_files(cold), IsEmpty());
}

}  // namespace
}  // namespace owl::test
