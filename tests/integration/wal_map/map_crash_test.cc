#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "map_site.h"
#include "os/file.h"
#include "os/file_descriptor.h"
#include "page_audit.h"
#include "postgres/wal_page.h"

// Maps of WAL that did not come about in peace: records that a crash cut off, stretches without WAL.

namespace owl::wal {
namespace {

namespace fs = std::filesystem;
using postgres::Lsn;
using test::PostgresServer;
using namespace std::chrono_literals;

/// The last segment that WAL was written to: quickly, as a server is writing.
std::uint64_t newest_segment(const fs::path& data_directory) {
  std::uint64_t newest = 0;
  const auto entries = os::list_folder(data_directory / "pg_wal").value();
  for (const auto& entry : entries) {
    const auto id = postgres::parse_segment_name(entry.name, segment_size);
    if (!id) continue;
    const auto path = data_directory / "pg_wal" / entry.name;
    Bytes head(postgres::WalPageHeader::long_size);
    const auto file = os::open_if_exists(path, O_RDONLY);
    if (!file.valid() || os::read_at(file, head, 0, path.string()) != head.size()) continue;
    // Files that were made or recycled for later come with the same names.
    if (postgres::read_page_header(head).address == start_of(*id, segment_size)) newest = std::max(newest, id->number);
  }
  return newest;
}

class MapAfter : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, MapAfter, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

/// Kills the server while it writes one record over many segments, if it can be caught at it.
void kill_amid_a_record(PostgresServer& server) {
  const auto begin = newest_segment(server.data_dir());
  std::atomic<bool> written = false;
  std::jthread writer([&] {
    server.try_psql("SELECT pg_logical_emit_message(false, 'big', repeat('m', 250000000))");
    written = true;
  });
  while (!written && newest_segment(server.data_dir()) < begin + 3) std::this_thread::sleep_for(1ms);
  server.kill9();
}

/// As a power cut leaves it: nothing of the WAL behind `offset` in that segment ever reached the disk.
void lose_wal_behind(const fs::path& data_directory, std::uint64_t segment, std::uint64_t offset) {
  const auto entries = os::list_folder(data_directory / "pg_wal").value();
  for (const auto& entry : entries) {
    const auto id = postgres::parse_segment_name(entry.name, segment_size);
    if (!id || id->number < segment) continue;
    const std::uint64_t from = id->number == segment ? offset : 0;
    const auto path = data_directory / "pg_wal" / entry.name;
    os::write_at(os::open_file(path, O_WRONLY), Bytes(segment_size - from), from, path.string());
  }
}

/// A map of all since `from` is whole, and no page of the stopped server was missed.
void expect_sound_map(PostgresServer& server, Lsn from) {
  const Lsn to = redo_of(server);
  server.psql("CREATE TABLE flushed()");
  const ServerWal wal(server.data_dir());
  const auto joined = united(wal.maps(), from, to);
  ASSERT_TRUE(joined.complete()) << joined.holes[0].reason;
  server.stop();
  const auto audit = audit_pages(server.data_dir(), joined.changes, from, to);
  EXPECT_GT(audit.changed, 100u);
  EXPECT_TRUE(audit.missing.empty()) << audit.missing.size() << ", such as " << audit.missing.front();
}

TEST_P(MapAfter, AServerKilledAmidARecord) {
  PostgresServer server({.version = GetParam(), .settings = settings(GetParam())});
  server.psql("CREATE TABLE rows(a int); INSERT INTO rows SELECT generate_series(1, 50000)");
  const Lsn from = redo_of(server);
  for (int attempt = 0; attempt < 2; ++attempt) {
    kill_amid_a_record(server);
    server.start();
    server.psql("UPDATE rows SET a = a + 1 WHERE a % 100 = 0");
  }
  expect_sound_map(server, from);
}

TEST_P(MapAfter, ARecordThatAPowerCutTookTheEndOfIsLeftOut) {
  PostgresServer server({.version = GetParam(), .settings = settings(GetParam())});
  server.psql("CREATE TABLE rows(a int); INSERT INTO rows SELECT generate_series(1, 50000)");
  const Lsn from = redo_of(server);
  // At a border itself, and in the midst of the next segment.
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{5} << 20}) {
    server.psql("SELECT pg_switch_wal(); UPDATE rows SET a = a + 1 WHERE a % 100 = 0");
    const Lsn begin = flushed_by(server);
    server.psql("SELECT pg_logical_emit_message(false, 'big', repeat('m', 60000000))");
    server.kill9();
    const std::uint64_t next = begin.value / segment_size + 1;
    lose_wal_behind(server.data_dir(), next, offset);
    server.start();
    server.psql("UPDATE rows SET a = a + 1 WHERE a % 100 = 0; CREATE TABLE after_it" + std::to_string(offset) + "()");
    const ServerWal wal(server.data_dir());
    bool dropped = false;
    for (const auto& map : wal.maps())
      dropped |= map.segment_start.value == next * segment_size && map.in && map.in->dropped;
    EXPECT_TRUE(dropped) << "the record that was cut off at " << offset << " was not given up";
  }
  expect_sound_map(server, from);
}

TEST_P(MapAfter, AVisitToMinimalWalIsAHole) {
  PostgresServer server({.version = GetParam(), .settings = settings(GetParam())});
  server.psql("CREATE TABLE rows(a int)");
  const Lsn from = redo_of(server);
  server.psql("ALTER SYSTEM SET wal_level = minimal");
  server.psql("ALTER SYSTEM SET max_wal_senders = 0");
  if (GetParam() >= 17) server.psql("ALTER SYSTEM SET summarize_wal = off");
  server.restart();
  server.psql("BEGIN; CREATE TABLE unseen(a int); COPY unseen FROM PROGRAM 'seq 1 300000'; COMMIT;");
  server.psql("ALTER SYSTEM RESET ALL");
  server.restart();
  server.psql("INSERT INTO rows VALUES (1)");
  const Lsn to = redo_of(server);
  server.psql("CREATE TABLE flushed()");

  const ServerWal wal(server.data_dir());
  const auto joined = united(wal.maps(), from, to);
  ASSERT_FALSE(joined.complete());
  EXPECT_NE(joined.holes[0].reason.find("wal_level was minimal at "), std::string::npos) << joined.holes[0].reason;
  EXPECT_TRUE(united(wal.maps(), to, to).complete());
}

}  // namespace
}  // namespace owl::wal
