#include <fmt/core.h>
#include <gtest/gtest.h>

#include <thread>

#include "map_site.h"
#include "oracle_map.h"
#include "page_audit.h"
#include "support/environment.h"
#include "support/run.h"

// Is the change map that pushes make what really changed? Three judges: what PostgreSQL's own readers print of each
// record (pg_walinspect, pg_waldump), what its summarizer keeps (17 and later), and the pages themselves, whose LSN
// says when each was changed last (all versions).

namespace owl::wal {
namespace {

namespace fs = std::filesystem;
using postgres::Lsn;
using test::PostgresServer;
using namespace std::chrono_literals;

void run_pgbench(const PostgresServer& server, std::vector<std::string> arguments) {
  std::vector<std::string> argv{
      "/usr/lib/postgresql/15/bin/pgbench", "-n", "-h",      server.socket_dir().string(), "-p",
      std::to_string(server.port()),        "-U", "postgres"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.emplace_back("postgres");
  test::run_ok(std::move(argv), {.deadline = 3min});
}

/// What is there before the stretch that is judged: pages of old, which must not be covered for nothing.
void prepare(PostgresServer& server) {
  run_pgbench(server, {"-i", "-s", "3", "-q"});
  server.psql(
      "CREATE TABLE rows(a int PRIMARY KEY, b text); INSERT INTO rows SELECT g, repeat('x', g % 300) FROM"
      " generate_series(1, 60000) g;"
      "CREATE TABLE kinds(a int[], p point, r int4range, t text);"
      "CREATE INDEX ON kinds USING gin(a); CREATE INDEX ON kinds USING gist(p); CREATE INDEX ON kinds USING spgist(r);"
      "CREATE INDEX ON kinds USING hash(t); CREATE INDEX ON kinds USING brin(t);"
      "INSERT INTO kinds SELECT ARRAY[i, i % 7], point(i, i % 13), int4range(i, i + 3), 'k' || i FROM"
      " generate_series(1, 20000) i; CREATE SEQUENCE numbers;"
      "CREATE TABLE going(a int); INSERT INTO going SELECT generate_series(1, 20000);"
      "CREATE TABLE emptied(a int); INSERT INTO emptied SELECT generate_series(1, 20000);"
      "CREATE TABLE shrinking(a int); INSERT INTO shrinking SELECT generate_series(1, 50000);"
      "DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE 'CREATE TABLE many' || i || '(a int primary key)'; END LOOP; END $$;");
  server.psql("CREATE DATABASE old_one");
  server.psql("CHECKPOINT");
}

/// Something of all that changes pages, or makes them void.
void change(PostgresServer& server, const fs::path& tablespace, int version) {
  run_pgbench(server, {"-c", "4", "-j", "2", "-t", "400"});
  server.psql("UPDATE rows SET b = b || 'y' WHERE a % 50 = 0; DELETE FROM rows WHERE a % 31 = 0; VACUUM rows;");
  server.psql(
      "INSERT INTO kinds SELECT ARRAY[i, i % 7], point(i, i % 13), int4range(i, i + 3), 'n' || i FROM"
      " generate_series(1, 3000) i; DELETE FROM kinds WHERE a[2] = 3; VACUUM kinds; SELECT nextval('numbers');"
      "REINDEX TABLE kinds; UPDATE kinds SET t = t || 'z' WHERE a[1] < 100;");
  server.psql("SELECT pg_logical_emit_message(true, 'big', repeat('m', 20000000));");
  server.psql("BEGIN; DROP TABLE going; TRUNCATE emptied; COMMIT;");
  server.psql("INSERT INTO emptied SELECT generate_series(1, 3000)");
  server.psql("DELETE FROM shrinking WHERE a > 3000; VACUUM shrinking");
  server.psql("BEGIN; CREATE TABLE never(a int); INSERT INTO never SELECT generate_series(1, 5000); ROLLBACK;");
  server.psql(
      "BEGIN; SAVEPOINT s; CREATE TABLE inner_one(a int); INSERT INTO inner_one VALUES (1); ROLLBACK TO s; CREATE TABLE"
      " outer_one(a int); INSERT INTO outer_one SELECT generate_series(1, 9000); COMMIT;");
  server.psql("BEGIN; CREATE TABLE p1(a int); CREATE TABLE p2(a int); PREPARE TRANSACTION 'one'");
  server.psql("COMMIT PREPARED 'one'");
  server.psql("BEGIN; DROP TABLE p1; PREPARE TRANSACTION 'two'");
  server.psql("COMMIT PREPARED 'two'");
  server.psql("BEGIN; DROP TABLE p2; CREATE TABLE p3(a int); PREPARE TRANSACTION 'three'");
  server.psql("ROLLBACK PREPARED 'three'");
  server.psql("CREATE TABLESPACE ts LOCATION '" + tablespace.string() + "'");
  server.psql("CREATE TABLE in_ts(a int) TABLESPACE ts; INSERT INTO in_ts SELECT generate_series(1, 5000)");
  server.psql("ALTER TABLE rows SET TABLESPACE ts; VACUUM FULL pgbench_branches; CLUSTER rows USING rows_pkey");
  server.psql("CREATE UNLOGGED TABLE loose(a int); ALTER TABLE loose SET LOGGED; INSERT INTO loose VALUES (1)");
  server.psql("DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE 'DROP TABLE many' || i; END LOOP; END $$;");
  if (version >= 15) {
    server.psql("CREATE DATABASE copied STRATEGY file_copy");
    server.psql("CREATE DATABASE logged STRATEGY wal_log");
  } else {
    server.psql("CREATE DATABASE copied");
  }
  server.psql("CREATE TABLE there(a int); INSERT INTO there SELECT generate_series(1, 100)", "copied");
  server.psql("ALTER DATABASE copied SET TABLESPACE ts");
  server.psql("DROP DATABASE old_one");
  run_pgbench(server, {"-c", "2", "-j", "2", "-t", "200"});
  server.psql(
      "CHECKPOINT; SELECT pg_logical_emit_message(false, 'small', repeat('n', 3000)); CREATE TABLE last_one();");
}

std::string first_difference(const ChangedBlocks& ours, const ChangedBlocks& theirs) {
  for (const auto& [file, what] : theirs.relations) {
    const auto found = ours.relations.find(file);
    if (found == ours.relations.end()) return to_text(file) + " is missing";
    if (found->second.limit != what.limit) return to_text(file) + " has another limit";
    if (!(found->second.blocks == what.blocks)) return to_text(file) + " has other blocks";
  }
  for (const auto& [file, what] : ours.relations) {
    if (!theirs.relations.contains(file)) return to_text(file) + " is too many";
  }
  if (ours.databases != theirs.databases) return "other databases";
  return ours.tablespaces == theirs.tablespaces ? "none" : "other tablespaces";
}

/// What PostgreSQL's summarizer leaves out: blocks behind a limit that came after them. A limit covers them here, too.
void expect_summary(const ChangedBlocks& ours, const ChangedBlocks& summary) {
  EXPECT_EQ(ours.databases, summary.databases);
  for (const auto& [file, what] : summary.relations) {
    const auto found = ours.relations.find(file);
    ASSERT_NE(found, ours.relations.end()) << to_text(file);
    EXPECT_EQ(found->second.limit, what.limit) << to_text(file);
    for (const auto& run : what.blocks.runs()) {
      for (std::uint64_t block = run.first; block <= run.last; ++block) {
        ASSERT_TRUE(found->second.blocks.contains(static_cast<postgres::BlockNumber>(block)))
            << to_text(file) << ' ' << block;
      }
    }
  }
  for (const auto& [file, what] : ours.relations) {
    const auto found = summary.relations.find(file);
    for (const auto& run : what.blocks.runs()) {
      for (std::uint64_t block = run.first; block <= run.last && block < what.limit.value_or(0xffffffff); ++block) {
        ASSERT_TRUE(found != summary.relations.end() &&
                    found->second.blocks.contains(static_cast<postgres::BlockNumber>(block)))
            << to_text(file) << ' ' << block;
      }
    }
  }
}

void wait_for_summary(PostgresServer& server, Lsn lsn) {
  const std::string done =
      "SELECT coalesce(max(end_lsn) >= '" + postgres::to_text(lsn) + "', false) FROM pg_available_wal_summaries()";
  for (int i = 0; i < 600 && server.psql(done) != "t"; ++i) std::this_thread::sleep_for(100ms);
}

class MapOf : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, MapOf, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

TEST_P(MapOf, ABusyServerIsWhatPostgresItselfSays) {
  const test::TempDir tablespace;
  test::give_to_server_user(tablespace.path());
  PostgresServer server({.version = GetParam(), .settings = settings(GetParam())});
  prepare(server);
  const Lsn from = redo_of(server);
  change(server, tablespace.path(), GetParam());
  const Lsn to = redo_of(server);
  server.psql("CREATE TABLE flushed()");
  ASSERT_GE(flushed_by(server), to);

  const ServerWal wal(server.data_dir());
  const auto exact = wal.changes_between(from, to);
  EXPECT_GT(exact.block_count(), 5'000u);
  EXPECT_GT(exact.relations.size(), 4'000u);  // two thousand tables with an index each
  EXPECT_FALSE(exact.databases.empty());

  const auto joined = united(wal.maps(), from, to);
  ASSERT_TRUE(joined.complete()) << joined.holes[0].reason;
  const auto all = united(wal.maps(), wal.first, to);
  ASSERT_TRUE(all.complete()) << all.holes[0].reason;

  if (GetParam() >= 15) {
    const auto theirs = changes_by_walinspect(server, from, to);
    EXPECT_EQ(first_difference(exact, theirs), "none");
  }
  if (GetParam() == 15) {
    EXPECT_EQ(first_difference(exact, changes_by_waldump(server, from, to)), "none");
  }
  if (GetParam() >= 17) {
    wait_for_summary(server, to);
    const auto summary = summary_by_server(server);
    expect_summary(wal.changes_between(summary.from, summary.to), summary.changes);
  }

  server.stop();
  const auto audit = audit_pages(server.data_dir(), joined.changes, from, to);
  EXPECT_GT(audit.changed, 1'000u);
  EXPECT_GT(audit.pages, audit.changed + 1'000u);
  EXPECT_TRUE(audit.missing.empty()) << audit.missing.size() << ", such as " << audit.missing.front();
}

TEST_P(MapOf, TheWholeWalIsTheUnionOfItsSegments) {
  const test::TempDir tablespace;
  test::give_to_server_user(tablespace.path());
  PostgresServer server({.version = GetParam(), .settings = settings(GetParam())});
  prepare(server);
  change(server, tablespace.path(), GetParam());
  const Lsn end = flushed_by(server);
  const ServerWal wal(server.data_dir());
  ASSERT_GE(wal.ids.size(), 5u);
  const auto joined = united(wal.maps(), wal.first, end);
  ASSERT_TRUE(joined.complete()) << joined.holes[0].reason;
  EXPECT_EQ(first_difference(joined.changes, wal.changes_between(wal.first, wal.end)), "none");
}

}  // namespace
}  // namespace owl::wal
