#include <fcntl.h>
#include <gmock/gmock.h>

#include <cstring>

#include "crash/faults.h"
#include "e2e/files.h"
#include "e2e/site.h"
#include "os/file.h"
#include "os/file_descriptor.h"
#include "postgres/page.h"

// When is a backup incremental, when does it read everything, and what is told of it?

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Incremental : public testing::Test {
 protected:
  void make_site(SiteOptions options = {}) {
    options.server_settings.insert(options.server_settings.end(), {"autovacuum = off", "checkpoint_timeout = 1h"});
    site = std::make_unique<Site>(std::move(options));
    site->psql("CREATE TABLE rows AS SELECT g AS a, repeat('x', 100) AS b FROM generate_series(1, 50000) g");
    site->psql("CREATE TABLE still AS SELECT g AS a FROM generate_series(1, 50000) g; VACUUM FREEZE rows, still");
  }
  codec::Json back_up(std::vector<std::string> more = {}, int exit_code = 0) {
    std::vector<std::string> arguments{"--json", "backup", "cluster"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = site->owl(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result;
    last_messages = result.err + result.out;  // events, with --json
    return json_of(result);
  }
  void expect_full(const codec::Json& backup, const std::string& reason) {
    EXPECT_FALSE(backup["incremental"].bool_or(true));
    EXPECT_THAT(backup["full_reason"].text_or(""), HasSubstr(reason));
    EXPECT_GE(backup["pages_read"].unsigned_or(0), 1000u);
  }
  void expect_incremental(const codec::Json& backup, const codec::Json& base) {
    EXPECT_TRUE(backup["incremental"].bool_or(false)) << backup["full_reason"].text_or("");
    EXPECT_EQ(backup["base"].text_or(""), base["id"].text_or("none"));
    EXPECT_LT(backup["pages_read"].unsigned_or(1 << 30), backup["pages"].unsigned_or(0) / 3);
  }

  /// Changes the file of a table behind the server's back: `change` gets its page 5, whose checksum fits again then.
  void tamper(const std::string& table, const std::function<void(MutableBytes)>& change) {
    const auto path = site->server().data_dir() / site->psql("SELECT pg_relation_filepath('" + table + "')");
    site->psql("CHECKPOINT");
    site->server().stop();
    constexpr postgres::BlockNumber block = 5;
    Bytes page(8192);
    {
      const auto file = os::open_file(path, O_RDWR);
      os::read_at(file, page, std::uint64_t{block} * 8192, path.string());
      change(page);
      const auto checksum = postgres::page_checksum(page, block);
      std::memcpy(page.data() + 8, &checksum, sizeof checksum);
      os::write_at(file, page, std::uint64_t{block} * 8192, path.string());
    }
    site->server().start();
  }

  std::unique_ptr<Site> site;
  std::string last_messages;
};

TEST_F(Incremental, IsWhatFollowsAnEarlierBackup) {
  make_site();
  const auto first = back_up();
  expect_full(first, "there is no earlier backup");
  site->psql("UPDATE rows SET b = 'y' WHERE a = 17");
  const auto second = back_up();
  expect_incremental(second, first);
  EXPECT_LT(second["stored_bytes"].unsigned_or(1 << 30), 300'000u);
  const auto text = site->owl_ok({"backup", "cluster"});
  EXPECT_THAT(text, HasSubstr("It is incremental on " + second["id"].text_or("") + ": read "));
  expect_full(back_up({"--full"}), "it was asked for");

  EXPECT_THAT(site->owl_ok({"list"}), HasSubstr("on " + first["id"].text_or("")));
  EXPECT_THAT(site->owl_ok({"show", second["id"].text_or("")}),
              HasSubstr("the rest is as in backup " + first["id"].text_or("")));
  EXPECT_THAT(site->owl_ok({"show", first["id"].text_or("")}),
              HasSubstr("everything, because there is no earlier backup"));
  EXPECT_EQ(site->owl({"verify", "--data"}).exit_code, 0);
}

TEST_F(Incremental, ReadsEverythingWhereWalWasLost) {
  make_site();
  back_up();
  const auto lost = site->psql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
  site->archive();
  site->psql("UPDATE rows SET b = 'y' WHERE a = 17; CHECKPOINT");
  site->archive();
  site->psql("CHECKPOINT");
  fs::remove(site->server().data_dir() / "pg_wal" / lost);
  site->lose_wal(lost);
  expect_full(back_up(), "WAL segment " + lost + " is not archived");
  EXPECT_THAT(last_messages, HasSubstr("everything is read"));
}

TEST_F(Incremental, ReadsEverythingAfterAVisitToMinimalWal) {
  make_site();
  back_up();
  site->psql("ALTER SYSTEM SET wal_level = minimal");
  site->psql("ALTER SYSTEM SET archive_mode = off");
  site->psql("ALTER SYSTEM SET max_wal_senders = 0");
  site->server().restart();
  site->psql("BEGIN; CREATE TABLE unseen(a int); COPY unseen FROM PROGRAM 'seq 1 30000'; COMMIT");
  site->psql("ALTER SYSTEM RESET ALL");
  site->server().restart();
  expect_full(back_up(), "wal_level was minimal");
}

TEST_F(Incremental, ReadsEverythingWhereChecksumsWereTurnedOff) {
  make_site();
  back_up();
  site->server().stop();
  ASSERT_EQ(
      site->as_server({site->postgres_program("pg_checksums"), "--disable", "-D", site->server().data_dir()}).exit_code,
      0);
  site->server().start();
  const auto without = back_up();
  expect_full(without, "checksums were turned on or off");
  expect_incremental(back_up(), without);
}

TEST_F(Incremental, BuildsOnWhatIsInEveryStore) {
  make_site({.stores = {"primary", "secondary"}});
  const auto first = back_up(), second = back_up();
  expect_incremental(second, first);
  for (const auto& path : files_with(site->store("secondary"), "/backups/cluster/")) {
    if (path.string().find(second["id"].text_or("none")) != std::string::npos) fs::remove(path);
  }
  expect_incremental(back_up({}, 3), first);
}

TEST_F(Incremental, APageThatChangedBehindTheMapsBackIsFoundAndEverythingRead) {
  make_site();
  back_up();
  tamper("still", [](MutableBytes page) { page[100] ^= 1; });
  const auto backup = back_up({"--audit", "100%"}, 3);
  expect_full(backup, "the change map was proven wrong");
  EXPECT_THAT(backup["map_fault"].text_or(""), HasSubstr("block 5 of base/"));
  EXPECT_THAT(last_messages, HasSubstr("The change map can't be relied on: block 5 of base/"));
  EXPECT_THAT(site->owl_ok({"show", "latest"}), HasSubstr("was wrong: block 5"));
  expect_incremental(back_up({"--audit", "100%"}), backup);
}

TEST_F(Incremental, APageAheadOfTheServersWalProvesThatItWasRolledBack) {
  make_site();
  back_up();
  tamper("still", [](MutableBytes page) { page[0] = 0x77; });
  const auto backup = back_up({"--audit", "100%"}, 3);
  expect_full(backup, "the change map was proven wrong");
  EXPECT_THAT(backup["map_fault"].text_or(""), HasSubstr("but the server's WAL has only reached"));
}

TEST_F(Incremental, OfAServerThatWasRolledBackNothingIsCommitted) {
  make_site();
  back_up();
  const auto data = site->server().data_dir(), snapshot = site->folder() / "snapshot";
  site->server().stop();
  ASSERT_EQ(site->as_server({"cp", "-a", data, snapshot}).exit_code, 0);
  site->server().start();
  for (int i = 0; i < 4; ++i) {
    site->psql("UPDATE rows SET b = 'dead' WHERE a = 17");
    site->archive();
  }
  site->server().stop();
  ASSERT_EQ(site->as_server({"sh", "-c", "rm -rf \"$0\"/* && cp -a \"$1\"/. \"$0\"", data, snapshot}).exit_code, 0);
  site->server().start();
  site->psql("UPDATE rows SET b = 'alive' WHERE a = 17");
  const auto result = site->owl({"backup", "cluster"});
  EXPECT_EQ(result.exit_code, 1) << result;
  EXPECT_THAT(result.err, HasSubstr("in the archive is not the one that the server wrote while this backup was made"));
  EXPECT_EQ(count_backups(*site), 1u);
}

TEST_F(Incremental, APageThatRottedOnDiskIsKeptAsItWas) {
  make_site();
  const auto first = back_up();
  const auto path = site->server().data_dir() / site->psql("SELECT pg_relation_filepath('still')");
  {
    const auto file = os::open_file(path, O_RDWR);
    os::write_at(file, Bytes(100, 0xee), 5 * 8192 + 4000, path.string());
  }
  const auto second = back_up({"--audit", "100%"}, 3);
  expect_incremental(second, first);
  EXPECT_THAT(last_messages, HasSubstr("is damaged on disk; this backup keeps it as it was in the one before"));
  const auto told = "is damaged on disk; this backup keeps it as it was in the one before";
  EXPECT_THAT(site->owl_ok({"show", second["id"].text_or("")}), HasSubstr(told));
  const auto status = site->owl({"status"});
  EXPECT_EQ(status.exit_code, 3) << status;
  EXPECT_THAT(status.err, HasSubstr("block 5 of " + site->psql("SELECT pg_relation_filepath('still')") + " " + told));
  const auto to = site->target("restored");
  ASSERT_EQ(site->owl({"restore", "cluster", "--to", to, "--start"}).exit_code, 0);
}

}  // namespace
}  // namespace owl::test
