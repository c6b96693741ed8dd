#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <regex>
#include <thread>

#include "base/text.h"
#include "os/file.h"
#include "postgres/wal_recorder.h"
#include "support/environment.h"
#include "support/postgres_server.h"

// What the walker reads is compared, record by record, with what PostgreSQL's own readers say of the same WAL:
// pg_walinspect (15 and later) and pg_waldump (15, the one Debian has). For 13 and 14 there is neither; there, as
// everywhere, commit times are compared with what track_commit_timestamp kept.

namespace owl::postgres {
namespace {

namespace fs = std::filesystem;
using test::PostgresServer;
using namespace std::chrono_literals;

constexpr std::uint32_t segment_size = 16 << 20;

struct Walked {
  WalRecorder seen;
  WalWalker::Progress progress;
};

struct Segment {
  SegmentId id;
  Bytes bytes;
};
/// What pg_wal holds of the timelines from `least` on, in the order of the files' names.
std::vector<Segment> segments_in(const fs::path& data_dir, TimelineId least = 1) {
  std::vector<Segment> segments;
  const auto entries = os::list_folder(data_dir / "pg_wal").value();
  for (const auto& entry : entries) {
    const auto id = parse_segment_name(entry.name, segment_size);
    if (!id || id->timeline < least) continue;
    segments.push_back({*id, os::read_file(data_dir / "pg_wal" / entry.name)});
  }
  return segments;
}

/// Walks pg_wal from its first segment to the end of the WAL. The server is to be down: while it writes, the files hold
/// one page as it was before and the next one as it is now, and end in the middle of records.
Walked walk(const fs::path& data_dir, TimelineId least = 1) {
  Walked out;
  WalWalker walker(segment_size);
  for (const auto& segment : segments_in(data_dir, least)) {
    EXPECT_TRUE(check_segment(segment.bytes, segment.id)) << to_file_name(segment.id, segment_size);
    out.progress = walker.feed(segment.bytes, segment.id, out.seen);
    if (out.progress.ended) break;
  }
  return out;
}

std::vector<std::vector<std::string>> table(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  for (const auto line : split(text, '\n')) {
    auto& row = rows.emplace_back();
    for (const auto cell : split(line, '|')) row.emplace_back(cell);
  }
  return rows;
}

/// RmgrTable's names, by id.
constexpr std::string_view manager_names[] = {"XLOG",       "Transaction",   "Storage", "CLOG",     "Database",
                                              "Tablespace", "MultiXact",     "RelMap",  "Standby",  "Heap2",
                                              "Heap",       "Btree",         "Hash",    "Gin",      "Gist",
                                              "Sequence",   "SPGist",        "BRIN",    "CommitTs", "ReplicationOrigin",
                                              "Generic",    "LogicalMessage"};

/// As pg_walinspect and pg_waldump write block references, but for the images' sizes: "1663/5/16384 vm 0 image".
std::string text_of(const BlockReference& block) {
  constexpr std::string_view forks[] = {"main", "fsm", "vm", "init"};
  return fmt::format("{}/{}/{} {} {}{}", block.tablespace, block.database, block.relation, forks[block.fork],
                     block.block, block.has_image ? " image" : "");
}

std::vector<std::string> blocks_in(const std::string& text) {
  static const std::regex pattern(R"(rel (\d+/\d+/\d+)(?: fork? ?(\w+))? blk (\d+)( \(?FPW)?)");
  std::vector<std::string> out;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    const std::string fork = (*match)[2].matched ? (*match)[2].str() : "main";
    out.push_back((*match)[1].str() + ' ' + fork + ' ' + (*match)[3].str() + ((*match)[4].matched ? " image" : ""));
  }
  return out;
}

std::vector<std::string> texts_of(const std::vector<BlockReference>& blocks) {
  std::vector<std::string> out;
  for (const auto& block : blocks) out.push_back(text_of(block));
  return out;
}

void run_pgbench(const PostgresServer& server, const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"/usr/lib/postgresql/15/bin/pgbench", "-n", "-d", server.connection()};
  argv.pop_back();
  argv.pop_back();
  argv.insert(argv.end(), {"-h", server.socket_dir().string(), "-p", std::to_string(server.port()), "-U", "postgres"});
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.push_back("postgres");
  test::run_ok(std::move(argv));
}

/// A bit of all that makes WAL of its own kind.
void work(PostgresServer& server, const fs::path& tablespace) {
  server.psql(
      "CREATE TABLE t(a int PRIMARY KEY, b text); INSERT INTO t SELECT g, repeat('x', g % 300) FROM "
      "generate_series(1, 20000) g; SELECT pg_create_restore_point('first point')");
  server.psql(
      "BEGIN; SAVEPOINT a; INSERT INTO t VALUES (100001, 's1'); SAVEPOINT b; INSERT INTO t VALUES (100002, 's2');"
      " ROLLBACK TO b; INSERT INTO t VALUES (100003, 's3'); COMMIT;");
  server.psql("BEGIN; INSERT INTO t VALUES (100010, 'gone'); ROLLBACK;");
  server.psql(
      "BEGIN; CREATE TABLE p1(a int); SAVEPOINT x; INSERT INTO t VALUES (100020, '2pc');"
      " PREPARE TRANSACTION 'one';");
  server.psql("BEGIN; CREATE TABLE p2(a int); INSERT INTO t VALUES (100021, '2pc'); PREPARE TRANSACTION 'two';");
  server.psql("COMMIT PREPARED 'one'; ROLLBACK PREPARED 'two';");
  server.psql("BEGIN; DROP TABLE p1; PREPARE TRANSACTION 'three';");
  server.psql("COMMIT PREPARED 'three'");
  server.psql("CREATE TABLESPACE ts LOCATION '" + tablespace.string() + "'");
  server.psql("CREATE TABLE in_ts(a int) TABLESPACE ts; INSERT INTO in_ts SELECT generate_series(1, 5000);");
  server.psql("SELECT pg_logical_emit_message(true, 'big', repeat('m', 40000000));");
  server.psql("SELECT pg_logical_emit_message(false, 'small', repeat('n', 3000));");
  server.psql(
      "CREATE TABLE g(a int[], p point, r int4range); CREATE INDEX ON g USING gin(a); CREATE INDEX ON g USING "
      "gist(p); CREATE INDEX ON g USING spgist(p); CREATE INDEX ON t USING brin(a); CREATE INDEX ON t USING "
      "hash(b); INSERT INTO g SELECT ARRAY[i, i % 7], point(i, i % 13), int4range(i, i + 3) FROM "
      "generate_series(1, 3000) i; DELETE FROM g WHERE a[2] = 3; VACUUM g;");
  server.psql(
      "DO $$ BEGIN FOR i IN 1..400 LOOP EXECUTE 'CREATE TABLE many' || i || '(a int)'; END LOOP; END $$;"
      "DO $$ BEGIN FOR i IN 1..400 LOOP EXECUTE 'DROP TABLE many' || i; END LOOP; END $$;");
  server.psql("SET wal_compression = on; CHECKPOINT; UPDATE t SET b = b || 'y' WHERE a % 10 = 0;");
  server.psql("CREATE DATABASE d2");
  server.psql("DROP DATABASE d2");
  server.psql("SELECT pg_create_restore_point('second point'); SELECT pg_switch_wal();");
  run_pgbench(server, {"-i", "-s", "2", "-q"});
  run_pgbench(server, {"-c", "4", "-j", "2", "-t", "500"});
  server.psql("TRUNCATE in_ts; VACUUM t; CHECKPOINT; SELECT pg_switch_wal();");
  run_pgbench(server, {"-c", "4", "-j", "2", "-t", "200"});
  server.psql("SELECT pg_create_restore_point('last point'); CREATE TABLE last()");  // the commit has it all flushed
}

std::vector<std::string> settings() {
  return {"wal_keep_size = 4GB",
          "max_prepared_transactions = 10",
          "track_commit_timestamp = on",
          "max_wal_size = 4GB",
          "autovacuum = off",
          "max_connections = 37"};
}

void compare_with_walinspect(PostgresServer& server, const WalRecorder& seen) {
  server.psql("CREATE EXTENSION IF NOT EXISTS pg_walinspect");
  const auto rows = table(
      server.psql(fmt::format("SELECT start_lsn, end_lsn, prev_lsn, xid, resource_manager, main_data_length, block_ref"
                              " FROM pg_get_wal_records_info('{}', '{}')",
                              to_text(seen.records.front().head.lsn), to_text(seen.records.back().head.end))));
  ASSERT_EQ(rows.size(), seen.records.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& [head, main_data, blocks] = seen.records[i];
    const std::vector<std::string> ours{to_text(head.lsn),
                                        to_text(head.end),
                                        to_text(head.previous),
                                        std::to_string(head.xid),
                                        std::string(manager_names[head.resource_manager]),
                                        std::to_string(main_data.size())};
    ASSERT_EQ(ours, std::vector<std::string>(rows[i].begin(), rows[i].begin() + 6));
    ASSERT_EQ(texts_of(blocks), blocks_in(rows[i][6])) << rows[i][6];
  }
}

/// "2026-11-23 01:43:00.140119 UTC", as pg_waldump writes a moment with TZ=UTC: with six digits even on the second, as
/// one commit in a million is.
std::string waldump_time(Timestamp time) {
  auto text = to_postgres(time);  // 2026-11-23 01:43:00.140119+00, or 2026-11-23 01:43:00+00
  text.resize(text.size() - 3);
  return text + (time.micros % 1'000'000 == 0 ? ".000000 UTC" : " UTC");
}

/// What stands between two marks, the second being a single character; empty where there is no such mark.
std::string_view between(std::string_view text, std::string_view before, char after) {
  const auto begin = text.find(before);
  if (begin == text.npos) return {};
  const auto rest = text.substr(begin + before.size());
  return rest.substr(0, rest.find(after));
}

/// What pg_waldump says of a record. Read without a regular expression: std::regex calls itself for every character,
/// and the line of a logical message or of a commit with many invalidations is longer than any stack.
struct DumpedRecord {
  Lsn lsn;
  std::string_view manager, description;
};
std::optional<DumpedRecord> parse_dump_line(std::string_view line) {
  constexpr std::string_view mark = ", desc: ";
  const auto described = line.find(mark);
  if (!line.starts_with("rmgr: ") || described == line.npos) return std::nullopt;
  const auto head = line.substr(0, described);
  const auto lsn = value_or_throw(parse_lsn(between(head, ", lsn: ", ',')));
  return DumpedRecord{lsn, between(head, "rmgr: ", ' '), line.substr(described + mark.size())};
}

void compare_with_waldump(const PostgresServer& server, const WalRecorder& seen) {
  const Lsn first = seen.records.front().head.lsn, last = seen.records.back().head.end;
  const auto file_of = [](Lsn lsn) { return to_file_name(segment_of(1, lsn, segment_size), segment_size); };
  // Without the segments' names it learns the segment size from whichever file it meets first, and gives up where that
  // is one that was made in advance and holds nothing yet.
  const auto dump =
      test::run_ok({"/usr/lib/postgresql/15/bin/pg_waldump", "-p", (server.data_dir() / "pg_wal").string(), "-s",
                    to_text(first), "-e", to_text(last), file_of(first), file_of({last.value - 1})},
                   {.env = {{"TZ", "UTC"}}, .user = test::server_user()});
  std::map<Lsn, std::string_view> described;
  std::size_t count = 0;
  for (const auto line : split(dump, '\n')) {
    const auto dumped = parse_dump_line(line);
    if (!dumped) continue;
    ASSERT_LT(count, seen.records.size());
    ASSERT_EQ(to_text(seen.records[count].head.lsn), to_text(dumped->lsn));
    ASSERT_EQ(manager_names[seen.records[count].head.resource_manager], dumped->manager);
    described[dumped->lsn] = dumped->description;
    ++count;
  }
  EXPECT_EQ(count, seen.records.size());

  std::size_t transactions = 0, points = 0;
  for (const auto& [lsn, text] : described) {
    if (text.starts_with("COMMIT") || text.starts_with("ABORT")) ++transactions;
    if (text.starts_with("RESTORE_POINT")) ++points;
  }
  EXPECT_EQ(transactions, seen.ends.size());
  EXPECT_EQ(points, seen.points.size());
  for (const auto& end : seen.ends) {
    const auto text = described[end.lsn];
    EXPECT_EQ(text.starts_with("COMMIT"), end.commit) << text;
    EXPECT_NE(text.find(waldump_time(end.time)), text.npos) << text << " against " << waldump_time(end.time);
    const bool prepared = text.find("_PREPARED ") != text.npos;
    EXPECT_TRUE(!prepared || text.find(fmt::format(" {}: ", end.xid)) != text.npos) << text;
  }
  for (const auto& point : seen.points) {
    EXPECT_TRUE(described[point.lsn].starts_with("RESTORE_POINT " + point.name)) << described[point.lsn];
  }
}

/// Every commit's time, as the server remembers it.
void compare_commit_times(PostgresServer& server, const WalRecorder& seen) {
  std::map<std::string, std::string> kept;
  for (const auto& row :
       table(server.psql("SET timezone = 'UTC'; SELECT xid, to_char(timestamp, 'YYYY-MM-DD HH24:MI:SS.US') FROM"
                         " (SELECT x::text::xid AS xid, pg_xact_commit_timestamp(x::text::xid) AS timestamp FROM"
                         " generate_series(800, txid_current() - 1) x) c WHERE timestamp IS NOT NULL"))) {
    kept[row[0]] = row.at(1);
  }
  std::size_t compared = 0;
  for (const auto& end : seen.ends) {
    if (!end.commit || !kept.contains(std::to_string(end.xid))) continue;
    const auto text = to_postgres(end.time);
    auto expected = kept[std::to_string(end.xid)];
    while (expected.ends_with('0')) expected.pop_back();
    auto ours = text.substr(0, text.size() - 3);
    if (ours.find('.') != std::string::npos) {
      while (ours.ends_with('0')) ours.pop_back();
    }
    EXPECT_EQ(ours, expected.ends_with('.') ? expected.substr(0, expected.size() - 1) : expected) << end.xid;
    ++compared;
  }
  EXPECT_GT(compared, 2500u);
}

/// The WAL up to here is in the files, perhaps with part of a record at its end.
Lsn flushed_by(PostgresServer& server) {
  return value_or_throw(parse_lsn(server.psql("SELECT pg_current_wal_flush_lsn()")));
}

std::size_t file_count(const fs::path& folder) {
  return os::list_folder(folder).value().size();
}

class WalOfVersion : public testing::TestWithParam<int> {};

TEST_P(WalOfVersion, IsReadAsPostgresReadsIt) {
  const test::TempDir tablespace;
  test::give_to_server_user(tablespace.path());
  PostgresServer server({.version = GetParam(), .settings = settings()});
  work(server, tablespace.path());

  const auto tablespace_oid = server.psql("SELECT oid FROM pg_tablespace WHERE spcname = 'ts'");
  const Lsn flushed = flushed_by(server);
  server.stop();
  const auto [seen, progress] = walk(server.data_dir());
  EXPECT_TRUE(progress.ended);
  EXPECT_FALSE(progress.record_unfinished);
  EXPECT_GE(progress.next, flushed) << progress.end_reason;
  EXPECT_GT(seen.records.size(), 50'000u);

  ASSERT_EQ(seen.points.size(), 3u);
  EXPECT_EQ(seen.points[0].name, "first point");
  EXPECT_EQ(seen.points[1].name, "second point");
  EXPECT_EQ(seen.points[2].name, "last point");
  ASSERT_EQ(seen.tablespaces.size(), 1u);
  EXPECT_EQ(seen.tablespaces[0].path, tablespace.path().string());
  EXPECT_EQ(std::to_string(seen.tablespaces[0].oid), tablespace_oid);
  ASSERT_FALSE(seen.changes.empty());
  EXPECT_EQ(seen.changes.back().max_connections, 37);
  EXPECT_EQ(seen.changes.back().max_prepared_transactions, 10);
  EXPECT_EQ(seen.changes.back().wal_level, 1);
  EXPECT_EQ(seen.levels.empty(), GetParam() < 17);

  if (GetParam() == 15) compare_with_waldump(server, seen);
  server.start();
  compare_commit_times(server, seen);
  if (GetParam() >= 15) compare_with_walinspect(server, seen);
}

/// Kills the server while it writes one record over many segments.
void kill_amid_a_record(PostgresServer& server) {
  const auto pg_wal = server.data_dir() / "pg_wal";
  const auto before = file_count(pg_wal);
  std::atomic<bool> written = false;
  std::jthread writer([&] {
    server.try_psql("SELECT pg_logical_emit_message(false, 'big', repeat('m', 250000000))");
    written = true;
  });
  while (!written && file_count(pg_wal) <= before + 2) std::this_thread::sleep_for(1ms);
  server.kill9();
}

bool overwrites_a_record(const WalRecorder& seen) {
  return std::ranges::any_of(seen.records, [](const auto& record) {
    return record.head.resource_manager == 0 && (record.head.info & 0xf0) == 0xd0;
  });
}

TEST_P(WalOfVersion, OfARecordThatACrashCutOff) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    PostgresServer server({.version = GetParam(), .settings = settings()});
    server.psql("SELECT pg_switch_wal()");
    kill_amid_a_record(server);
    server.start();
    server.psql("CREATE TABLE after_crash(a int); INSERT INTO after_crash VALUES (1)");
    const Lsn flushed = flushed_by(server);
    server.stop();
    const auto [seen, progress] = walk(server.data_dir());
    EXPECT_GE(progress.next, flushed) << progress.end_reason;
    if (!overwrites_a_record(seen)) continue;  // the record was whole already
    // pg_walinspect stops at a record that was cut off, pg_waldump goes on.
    if (GetParam() == 15) compare_with_waldump(server, seen);
    return;
  }
  FAIL() << "no crash hit a record";
}

TEST_P(WalOfVersion, OfTwoTimelines) {
  PostgresServer server({.version = GetParam(), .settings = settings()});
  server.psql("CREATE TABLE t(a int); INSERT INTO t SELECT generate_series(1, 1000)");
  const auto data_dir = server.data_dir();
  server.stop();
  os::replace_file(data_dir / "standby.signal", {});
  test::give_to_server_user(data_dir / "standby.signal");
  server.start();
  server.psql("SELECT pg_promote()");
  server.psql(
      "INSERT INTO t SELECT generate_series(1, 1000); SELECT pg_create_restore_point('on two');"
      "CREATE TABLE last()");
  const Lsn flushed = flushed_by(server);
  server.stop();

  // The first segment of timeline 2 begins with the pages of timeline 1.
  const auto segments = segments_in(data_dir, 2);
  ASSERT_FALSE(segments.empty());
  EXPECT_EQ(value_or_throw(check_segment(segments[0].bytes, segments[0].id)).timeline, 1u);
  const auto [seen, progress] = walk(data_dir, 2);
  EXPECT_GE(progress.next, flushed) << progress.end_reason;
  ASSERT_EQ(seen.points.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(All, WalOfVersion, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

}  // namespace
}  // namespace owl::postgres
