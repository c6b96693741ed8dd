#include <gmock/gmock.h>

#include "crash/faults.h"
#include "e2e/files.h"
#include "e2e/site.h"
#include "postgres/connection.h"

// restore table: one table as it was at a moment, out of a backup of the cluster; the others cost nothing.

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RestoreTable : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    site = std::make_unique<Site>(SiteOptions{.server_settings = {"autovacuum = off"}, .version = GetParam()});
    scratch = site->make("scratch");
    site->psql("CREATE DATABASE shop");
    sql("CREATE TABLE bulk AS SELECT g AS a, md5(g::text) AS b FROM generate_series(1, 300000) g; CREATE INDEX ON bulk "
        "(a)");
    sql("CREATE TABLE orders(id serial PRIMARY KEY, what text, big text)");
    // Some in line, some compressed, some in the TOAST table.
    sql("INSERT INTO orders(what, big) SELECT md5(g::text), (SELECT string_agg(md5((g * i)::text), '') FROM "
        "generate_series(1,"
        " 1 + g % 200) i) FROM generate_series(1, 2000) g");
    sql("CREATE TABLE measures(day date, n int) PARTITION BY RANGE (day);"
        "CREATE TABLE measures_1 PARTITION OF measures FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');"
        "CREATE TABLE measures_2 PARTITION OF measures FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');"
        "CREATE INDEX ON measures (n)");
    sql("INSERT INTO measures SELECT '2026-01-01'::date + g % 365, g FROM generate_series(1, 20000) g");
  }
  std::string sql(const std::string& text, const std::string& database = "shop") {
    return site->server().psql(text, database);
  }
  static std::string sum(const std::string& table) {
    return "SELECT count(*) || ' ' || coalesce(sum(hashtext(t::text)::int8), 0) FROM " + table + " t";
  }
  /// As PostgreSQL's clock has it, between two transactions.
  std::string moment() {
    auto now = site->now();
    sql("CREATE TABLE IF NOT EXISTS ticks(t text); INSERT INTO ticks VALUES ('later')");
    return now;
  }
  RunResult restore(std::vector<std::string> more) {
    std::vector<std::string> arguments{"--json", "restore", "table", "--database", "shop", "--scratch", scratch};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return site->owl(arguments);
  }
  codec::Json restored(std::vector<std::string> more) {
    const auto result = restore(std::move(more));
    EXPECT_EQ(result.exit_code, 0) << result;
    return json_of(result);
  }
  void expect_nothing_left() {
    EXPECT_TRUE(fs::is_empty(scratch));
    EXPECT_TRUE(!fs::exists(site->state() / "restores") || fs::is_empty(site->state() / "restores"));
  }

  std::unique_ptr<Site> site;
  fs::path scratch;
};

TEST_P(RestoreTable, AsItWasJustBeforeItWasLost) {
  site->owl_ok({"backup", "cluster"});
  sql("UPDATE orders SET what = 'changed' WHERE id % 3 = 0; DELETE FROM measures WHERE n % 7 = 0; VACUUM orders, bulk");
  sql("INSERT INTO orders(what) VALUES ('last')");
  sql("CREATE TABLE made_later AS SELECT g FROM generate_series(1, 500) g; VACUUM FULL measures_1");
  const auto orders = sql(sum("orders")), measures = sql(sum("measures")), then = moment();
  sql("DROP TABLE orders; DELETE FROM measures; DROP TABLE made_later; UPDATE bulk SET b = 'x' WHERE a < 100");
  site->archive();

  site->psql("CREATE DATABASE other");
  const auto result =
      restored({"public.orders", "measures", "made_later", "--target-time", then, "--to-database", "other"});
  EXPECT_EQ(sql(sum("orders"), "other"), orders);
  EXPECT_EQ(sql(sum("measures"), "other"), measures);
  EXPECT_EQ(sql("SELECT count(*) FROM made_later", "other"), "500");
  // WAL has a sequence up to 32 values ahead of what was used.
  EXPECT_GE(std::stoi(sql("INSERT INTO orders(what) VALUES ('next') RETURNING id", "other")), 2002);
  EXPECT_EQ(sql("SELECT count(*) FROM pg_indexes WHERE tablename LIKE 'measures%'", "other"), "3");
  const auto& tables = *result["tables"].as_array();
  ASSERT_EQ(tables.size(), 3u);
  EXPECT_EQ(tables[2]["table"].text_or(""), "orders");
  EXPECT_EQ(tables[2]["rows"].unsigned_or(0), 2001u);
  expect_nothing_left();

  // The largest table was not wanted.
  const auto whole = json_of(site->owl({"--json", "restore", "cluster", "--to", site->target("dry"), "--dry-run"}));
  EXPECT_LT(result["fetch_bytes"].unsigned_or(1u << 30), whole["fetch_bytes"].unsigned_or(0) * 3 / 4);

  // It is there now: never overwritten.
  const auto again = restore({"orders", "--target-time", then, "--to-database", "other"});
  EXPECT_EQ(again.exit_code, 1) << again;
  EXPECT_THAT(again.out, HasSubstr("there is a table public.orders in database other already"));
  expect_nothing_left();
}

TEST_P(RestoreTable, IntoAFile) {
  const auto place = site->make("tablespace");
  site->psql("CREATE TABLESPACE fast LOCATION '" + place.string() + "'");
  sql("ALTER TABLE measures_2 SET TABLESPACE fast");
  site->owl_ok({"backup", "cluster"});
  const auto measures = sql(sum("measures"));
  sql("VACUUM FREEZE measures");
  site->archive();
  site->psql("CHECKPOINT");
  const auto before = contents_of(place);
  const auto folder = site->make("results");

  restored({"measures", "--to-file", folder / "measures.sql"});
  EXPECT_THAT(read_text(folder / "measures.sql"), HasSubstr("ATTACH PARTITION public.measures_2"));
  restored({"measures", "--to-file", folder / "measures.dump"});
  EXPECT_EQ(fs::status(folder / "measures.dump").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_TRUE(contents_of(place) == before) << "the source's tablespace was touched";
  site->psql("CREATE DATABASE other; ");
  const auto loaded =
      site->as_server({"/usr/lib/postgresql/15/bin/pg_restore", "-d", site->server().connection("other"),
                       "--no-tablespaces", folder / "measures.dump"});
  EXPECT_EQ(loaded.exit_code, 0) << loaded;
  EXPECT_EQ(sql(sum("measures"), "other"), measures);

  const auto again = restore({"measures", "--to-file", folder / "measures.dump"});
  EXPECT_EQ(again.exit_code, 1) << again;
  EXPECT_THAT(again.out, HasSubstr("measures.dump exists already"));
  const auto unknown = restore({"public.nothing", "--to-file", folder / "nothing.dump"});
  EXPECT_EQ(unknown.exit_code, 1) << unknown;
  EXPECT_THAT(unknown.out, HasSubstr("there is no table public.nothing in that database at that moment"));
  EXPECT_FALSE(fs::exists(folder / "nothing.dump"));
  EXPECT_EQ(restore({"measures"}).exit_code, 2);
  const auto stranger = site->owl({"restore", "table", "x", "--database", "nowhere", "--to-file", folder / "x.dump"});
  EXPECT_EQ(stranger.exit_code, 1) << stranger;
  EXPECT_THAT(stranger.err, HasSubstr("the backup has no database nowhere; it has postgres, shop"));
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(All, RestoreTable, testing::Values(13, 15), testing::PrintToStringParamName());

}  // namespace
}  // namespace owl::test
