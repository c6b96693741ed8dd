#include "e2e/standby.h"

#include <gmock/gmock.h>

#include <future>
#include <optional>

#include "crash/faults.h"
#include "e2e/judges.h"
#include "e2e/site.h"
#include "postgres/connection.h"
#include "support/eventually.h"

// backup cluster --from-standby: the files are read where they hurt nobody, the WAL comes from the primary.

namespace owl::test {
namespace {

using testing::HasSubstr;

class FromStandby : public testing::Test {
 protected:
  void SetUp() override {
    site.psql("CREATE TABLE rows AS SELECT g AS a, repeat('x', 100) AS b FROM generate_series(1, 50000) g");
    site.psql("CREATE INDEX ON rows (a); CREATE TABLE still AS SELECT g AS a FROM generate_series(1, 50000) g");
    site.psql("VACUUM FREEZE rows, still; CREATE EXTENSION amcheck");
    pair.emplace(site);
    ASSERT_TRUE(pair->catch_up());
  }
  static codec::Json backup_of(const RunResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result;
    return json_of(result);
  }
  codec::Json back_up_standby(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--json", "backup", "cluster", "--from-standby"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return backup_of(pair->owl(arguments));
  }
  codec::Json back_up_primary(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--json", "backup", "cluster"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return backup_of(site.owl(arguments));
  }
  static void expect_incremental(const codec::Json& backup, const codec::Json& base) {
    EXPECT_TRUE(backup["incremental"].bool_or(false)) << backup["full_reason"].text_or("");
    EXPECT_EQ(backup["base"].text_or(""), base["id"].text_or("none"));
    EXPECT_EQ(backup["map_fault"].text_or(""), "");
  }
  void change(int from) {
    site.psql("UPDATE rows SET b = 'y" + std::to_string(from) + "' WHERE a BETWEEN " + std::to_string(from) + " AND " +
              std::to_string(from + 400));
    site.psql("INSERT INTO rows SELECT g, 'new' FROM generate_series(100001, 100200) g; CHECKPOINT");
  }
  static std::string sum_of(postgres::Connection& connection) {
    return connection.query_text("SELECT count(*) || ' ' || sum(hashtext(rows::text)::int8) FROM rows");
  }
  /// Restores it to the end of WAL, and compares it with the primary as it is.
  void expect_restorable(const codec::Json& backup) {
    site.archive();
    const auto to = site.target("restored-" + backup["id"].text_or(""));
    const auto restored = site.owl({"restore", "cluster", "--backup", backup["id"].text_or(""), "--to", to, "--start"});
    ASSERT_EQ(restored.exit_code, 0) << restored;
    {
      postgres::Connection there(Site::connection_in(restored.out)), here(site.server().connection());
      EXPECT_EQ(sum_of(there), sum_of(here));
      EXPECT_EQ(there.query_text("SELECT count(bt_index_check(c.oid, true)) > 100 FROM pg_index i JOIN pg_class c ON "
                                 "c.oid = i.indexrelid WHERE c.relam = 403 AND c.relpersistence = 'p'"),
                "t");
      EXPECT_EQ(there.query_text("SELECT count(*) FROM verify_heapam('rows')"), "0");
    }
    site.stop_restored(to);
    const auto pages = check_pages(to);
    EXPECT_GT(pages.pages, 1000u);
    EXPECT_THAT(pages.bad, testing::IsEmpty());
  }

  Site site{{.server_settings = {"autovacuum = off", "checkpoint_timeout = 1h"},
             .wal_settings = {"[backup]", "wal_timeout = \"20s\""}}};
  std::optional<Standby> pair;
};

TEST_F(FromStandby, BackupsOfBothServersBuildOnEachOther) {
  pair->know_primary(site.server().connection());
  const auto first = back_up_standby();
  EXPECT_THAT(first["full_reason"].text_or(""), HasSubstr("no earlier backup"));
  change(1000);
  const auto of_primary = back_up_primary({"--audit", "100%"});
  expect_incremental(of_primary, first);
  change(2000);
  const auto second = back_up_standby({"--audit", "100%"});
  expect_incremental(second, of_primary);
  change(3000);
  const auto third = back_up_standby({"--audit", "100%"});
  expect_incremental(third, second);
  EXPECT_LT(third["pages_read"].unsigned_or(1 << 30), third["pages"].unsigned_or(0) / 3);
  change(4000);
  for (const auto& backup : {first, second, third}) expect_restorable(backup);
  EXPECT_EQ(site.owl({"verify", "--data"}).exit_code, 0);
  EXPECT_THAT(site.owl_ok({"show", third["id"].text_or("")}), HasSubstr("of a standby"));
}

TEST_F(FromStandby, WithoutThePrimaryItBeginsAtTheLastRestartpointAndWaitsForTheSegment) {
  site.psql("ALTER SYSTEM SET archive_timeout = 2");
  site.psql("SELECT pg_reload_conf()");
  change(1000);
  const auto result = pair->owl({"--json", "backup", "cluster", "--from-standby"});
  const auto backup = backup_of(result);
  EXPECT_THAT(result.err + result.out, HasSubstr("there is no connection to the primary"));
  expect_restorable(backup);

  // The standby has no newer restartpoint, since its primary made no checkpoint.
  const auto again = back_up_standby();
  EXPECT_FALSE(again["incremental"].bool_or(true));
  EXPECT_THAT(again["full_reason"].text_or(""), HasSubstr("it ended at "));
  EXPECT_LT(again["stored_bytes"].unsigned_or(1 << 30), 300'000u) << "what is the same is stored once";
}

TEST_F(FromStandby, IsNotCommittedWithoutTheWalOfItsEnd) {
  change(1000);
  const auto result = pair->owl({"backup", "cluster", "--from-standby"});
  EXPECT_EQ(result.exit_code, 4) << result;
  EXPECT_THAT(result.err, HasSubstr("its primary has not completed and archived that segment"));
  EXPECT_EQ(count_backups(site), 0u);
}

TEST_F(FromStandby, WhatIsNotMeantIsRefused) {
  const auto without = pair->owl({"backup", "cluster"});
  EXPECT_EQ(without.exit_code, 1) << without;
  EXPECT_THAT(without.err, HasSubstr("Say --from-standby"));
  const auto of_primary = site.owl({"backup", "cluster", "--from-standby"});
  EXPECT_EQ(of_primary.exit_code, 1) << of_primary;
  EXPECT_THAT(of_primary.err, HasSubstr("the server is a primary"));

  pair->know_primary(pair->server().connection());
  const auto itself = pair->owl({"backup", "cluster", "--from-standby"});
  EXPECT_EQ(itself.exit_code, 2) << itself;
  EXPECT_THAT(itself.err, HasSubstr("[postgres] primary is a standby itself"));
  PostgresServer stranger;
  pair->know_primary(stranger.connection());
  const auto other = pair->owl({"backup", "cluster", "--from-standby"});
  EXPECT_EQ(other.exit_code, 2) << other;
  EXPECT_THAT(other.err, HasSubstr("is another cluster"));
}

TEST_F(FromStandby, APromotionMeanwhileEndsIt) {
  pair->know_primary(site.server().connection());
  pair->server().psql("SELECT pg_wal_replay_pause()");  // so that it waits for the checkpoint
  auto backup = std::async(std::launch::async, [this] { return pair->owl({"backup", "cluster", "--from-standby"}); });
  const auto checkpoint_is_asked_for = [this] {
    return site.psql(
               "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_catalog.pg_current_wal_flush_lsn()'") ==
           "1";
  };
  ASSERT_TRUE(eventually(checkpoint_is_asked_for));
  ASSERT_EQ(pair->server().psql("SELECT pg_promote()"), "t");
  const auto result = backup.get();
  EXPECT_EQ(result.exit_code, 1) << result;
  EXPECT_THAT(result.err, testing::AnyOf(HasSubstr("the server is a primary"), HasSubstr("was promoted")));
  EXPECT_EQ(count_backups(site), 0u);
}

}  // namespace
}  // namespace owl::test
