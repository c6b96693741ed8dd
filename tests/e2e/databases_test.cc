#include <gmock/gmock.h>

#include "crash/faults.h"
#include "e2e/files.h"
#include "e2e/judges.h"
#include "e2e/site.h"
#include "postgres/connection.h"

// restore cluster --database: one database of many comes back whole, the others cost neither bytes nor room.

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto fill =
    "CREATE TABLE rows AS SELECT g AS a, md5(g::text) AS b FROM generate_series(1, 60000) g; CREATE INDEX ON rows (a)";
constexpr auto checksum = "SELECT count(*) || ' ' || sum(hashtext(rows::text)::int8) FROM rows";

class Databases : public testing::TestWithParam<int> {
 protected:
  void make_site(SiteOptions options = {}) {
    options.server_settings.push_back("autovacuum = off");
    site = std::make_unique<Site>(std::move(options));
    for (const char* name : {"shop", "renamed", "logs"}) {
      site->psql(std::string("CREATE DATABASE ") + name);
      site->server().psql(fill, name);
    }
    site->psql("ALTER DATABASE renamed RENAME TO crm");
  }
  void change(const std::string& database) {
    site->server().psql("UPDATE rows SET b = 'new' WHERE a % 50 = 0", database);
    site->server().psql("DELETE FROM rows WHERE a % 70 = 0", database);
    site->server().psql("VACUUM rows", database);  // visibility of pages that are not there
    site->server().psql("CREATE TABLE later AS TABLE rows", database);
  }
  RunResult restore(const fs::path& to, std::vector<std::string> more) {
    std::vector<std::string> arguments{"--json", "restore", "cluster", "--to", to};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return site->owl(arguments);
  }
  static std::vector<std::string> left_out(const codec::Json& result) {
    std::vector<std::string> names;
    for (const auto& name : *result["left_out"].as_array()) names.push_back(name.text_or(""));
    return names;
  }
  static std::uint64_t blocks_under(const fs::path& folder) {
    std::uint64_t blocks = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      struct stat status {};
      if (::lstat(entry.path().c_str(), &status) == 0 && S_ISREG(status.st_mode))
        blocks += static_cast<std::uint64_t>(status.st_blocks);
    }
    return blocks * 512;
  }

  std::unique_ptr<Site> site;
};

TEST_P(Databases, OneOfThemIsWholeAndTheOthersAreHoles) {
  make_site({.version = GetParam()});
  site->owl_ok({"backup", "cluster"});
  for (const char* name : {"shop", "crm", "logs"}) change(name);
  site->psql("CREATE DATABASE fresh");
  site->server().psql("CREATE TABLE t AS SELECT 7 AS n", "fresh");
  const auto wanted = site->server().psql(checksum, "shop");
  site->archive();

  const auto all = json_of(restore(site->target("dry"), {"--dry-run"}));
  const auto some = json_of(restore(site->target("dry"), {"--dry-run", "--database", "shop"}));
  EXPECT_THAT(left_out(some), ElementsAre("crm", "logs"));
  EXPECT_LT(some["fetch_bytes"].unsigned_or(1u << 30), all["fetch_bytes"].unsigned_or(0) * 2 / 3);

  const auto to = site->target("restored");
  const auto restored = restore(to, {"--database", "shop", "--start"});
  ASSERT_EQ(restored.exit_code, 0) << restored;
  const auto result = json_of(restored);
  const auto conninfo = result["connection"].text_or("");
  {
    const auto to_database = [&](const std::string& name) { return conninfo + " dbname=" + name; };
    postgres::Connection shop(to_database("shop"));
    EXPECT_EQ(shop.query_text(checksum), wanted);
    EXPECT_EQ(shop.query_text("SELECT count(*) FROM later"), shop.query_text("SELECT count(*) FROM rows"));
    shop.query("CREATE EXTENSION amcheck");
    EXPECT_GT(
        std::stoi(shop.query_text(
            "SELECT count(bt_index_check(i.indexrelid, true)) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE c.relam = 403")),
        50);
    EXPECT_EQ(postgres::Connection(to_database("fresh")).query_text("SELECT n FROM t"), "7");
    EXPECT_THROW(postgres::Connection(to_database("crm")), Error);
    postgres::Connection(to_database("postgres")).query("DROP DATABASE crm");
  }
  site->stop_restored(to);
  EXPECT_THAT(check_pages(to).bad, testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, Databases, testing::Values(13, 15, 18), testing::PrintToStringParamName());

using OneDatabase = Databases;
TEST_P(OneDatabase, LeavesAFolderThatPostgresCallsWhole) {
  make_site();
  site->owl_ok({"backup", "cluster"});
  site->archive();
  const auto to = site->target("cold"), whole = site->target("whole");
  ASSERT_EQ(restore(to, {"--database", "logs", "--immediate"}).exit_code, 0);
  ASSERT_EQ(restore(whole, {"--immediate"}).exit_code, 0);
  const auto verified = site->as_server({site->postgres_program("pg_verifybackup"), to});
  EXPECT_EQ(verified.exit_code, 0) << verified;
  EXPECT_LT(blocks_under(to / "base") + (15u << 20), blocks_under(whole / "base"));
}

TEST_P(OneDatabase, WhatCanNotSucceedIsRefused) {
  make_site();
  site->owl_ok({"backup", "cluster"});
  const auto unknown = restore(site->target("unknown"), {"--database", "shp"});
  EXPECT_EQ(unknown.exit_code, 1) << unknown;
  EXPECT_THAT(unknown.out + unknown.err,
              HasSubstr("the backup has no database shp; it has crm, logs, postgres, shop, template0, template1"));
  EXPECT_EQ(restore(site->target("both"), {"--database", "shop", "--delta"}).exit_code, 2);

  site->psql("CREATE DATABASE copied TEMPLATE crm STRATEGY file_copy");
  site->archive();
  const auto copied = restore(site->target("copied"), {"--database", "shop"});
  EXPECT_EQ(copied.exit_code, 1) << copied;
  EXPECT_THAT(copied.out + copied.err, HasSubstr("the WAL copies a new database from one that would be left out"));
  EXPECT_TRUE(is_untouched(site->folder() / "copied"));
  EXPECT_EQ(restore(site->target("copied"), {"--database", "shop", "--database", "crm"}).exit_code, 0);

  site->psql("ALTER SYSTEM SET full_page_writes = off");
  site->psql("SELECT pg_reload_conf()");
  site->owl_ok({"backup", "cluster"});
  site->archive();
  const auto torn = restore(site->target("torn"), {"--database", "shop"});
  EXPECT_EQ(torn.exit_code, 1) << torn;
  EXPECT_THAT(torn.out + torn.err, HasSubstr("full_page_writes was off"));
}

INSTANTIATE_TEST_SUITE_P(Debian, OneDatabase, testing::Values(15), testing::PrintToStringParamName());

}  // namespace
}  // namespace owl::test
