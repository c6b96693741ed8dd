#include <gmock/gmock.h>

#include <memory>
#include <regex>
#include <thread>

#include "e2e/judges.h"
#include "e2e/site.h"
#include "postgres/connection.h"
#include "support/environment.h"
#include "support/temp_dir.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::Not;
using Arguments = std::vector<std::string>;

constexpr int accounts = 3000;

/// Moves money, one transaction after another, until its end.
class Load {
 public:
  explicit Load(const std::string& conninfo) {
    for (int i = 0; i < 2; ++i) {
      threads_.emplace_back([conninfo, i](std::stop_token stop) {
        postgres::Connection connection(conninfo);
        for (int n = i; !stop.stop_requested(); n += 7) {
          connection.query(
              "WITH noted AS (INSERT INTO history VALUES ($1::int, $2::int))"
              " UPDATE accounts SET balance = balance + $2::int WHERE n = $1::int",
              {std::to_string(n % accounts), std::to_string(n % 100)});
        }
      });
    }
  }

 private:
  std::vector<std::jthread> threads_;
};

/// What was there at a moment, and the three names that it has.
struct Moment {
  std::string rows, sum, time, name, lsn;
};

/// In memory where there is room: five clusters a version are synced and removed file by file.
fs::path place_for_restored() {
  constexpr std::uintmax_t enough = std::uintmax_t{2} << 30;
  std::error_code none;
  return fs::space("/dev/shm", none).available > enough && !none ? "/dev/shm" : "/tmp";
}

/// The main job from one end to the other, on each version.
class Versions : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    give_to_server_user(restored.path());
    for (const char* name : {"one", "two"}) {
      places.push_back(site.make("tablespace-" + std::string(name)));
      site.psql("CREATE TABLESPACE " + std::string(name) + " LOCATION '" + places.back().string() + "';");
    }
    site.psql(
        "CREATE EXTENSION amcheck;"
        "CREATE TABLE accounts (n int, balance bigint, filler text) TABLESPACE one;"
        "CREATE INDEX accounts_n ON accounts (n) TABLESPACE two;"
        "CREATE TABLE history (n int, delta int, at timestamptz DEFAULT clock_timestamp());"
        "CREATE UNLOGGED TABLE unlogged (n int PRIMARY KEY);"
        "INSERT INTO unlogged SELECT generate_series(1, 1000);"
        "INSERT INTO accounts SELECT n, 0, repeat('x', 100) FROM generate_series(0, " +
        std::to_string(accounts - 1) + ") n;");
  }

  /// With these locks, taken in the order of the load, no transaction of it ends between the counts and this commit.
  Moment record(const std::string& name) {
    postgres::Connection connection(site.server().connection());
    Moment moment;
    connection.query("BEGIN");
    connection.query("LOCK TABLE history, accounts IN SHARE MODE");
    moment.rows = connection.query_text("SELECT count(*) FROM history");
    moment.sum = connection.query_text("SELECT sum(balance) FROM accounts");
    moment.name = name;
    moment.lsn = connection.query_text("SELECT pg_create_restore_point($1)", {name});
    const auto xid = connection.query_text("SELECT pg_current_xact_id()");
    connection.query("COMMIT");
    moment.time = connection.query_text("SELECT pg_xact_commit_timestamp($1::text::xid)::text", {xid});
    return moment;
  }

  Arguments restore_to(const fs::path& to, const Arguments& target) {
    Arguments all{"restore", "cluster", "--to", to};
    all.insert(all.end(), target.begin(), target.end());
    for (const auto& place : places) {
      const auto there = to.string() + "-" + place.filename().string();
      all.insert(all.end(), {"--tablespace-map", place.string() + "=" + there});
    }
    return all;
  }

  fs::path place_of(const std::string& name) { return site.target((restored / name).string()); }

  /// Restores, starts, and compares what is there with what was.
  fs::path expect_restored(const std::string& name, Arguments target, const Moment& expected) {
    SCOPED_TRACE(name);
    const auto to = place_of(name);
    target.push_back("--start");
    postgres::Connection connection(Site::connection_in(site.owl_ok(restore_to(to, target))));
    const auto value = [&](const std::string& sql) { return connection.query_text(sql); };
    EXPECT_EQ(value("SELECT pg_is_in_recovery()"), "f");
    EXPECT_EQ(value("SELECT count(*) FROM history"), expected.rows);
    EXPECT_EQ(value("SELECT sum(balance) FROM accounts"), expected.sum);
    EXPECT_EQ(value("SELECT sum(delta) FROM history"), expected.sum);
    EXPECT_EQ(value("SELECT count(*) FROM accounts"), std::to_string(accounts));
    EXPECT_EQ(value("SELECT count(*) FROM unlogged"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM uncommitted"), "0");
    expect_sound_structure(connection);
    return to;
  }

  /// What pg_amcheck asks for, which is not to be had for every version.
  static void expect_sound_structure(postgres::Connection& connection) {
    const auto indexes = connection.query_text(
        "SELECT count(bt_index_parent_check(c.oid, true, true)::text) FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
        " WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p'");
    EXPECT_GT(std::stoi(indexes), 100);
    if (connection.major() < 14) return;  // verify_heapam came with 14
    EXPECT_EQ(connection.query_text("SELECT count(*) FROM pg_class c, LATERAL verify_heapam(c.oid)"
                                    " WHERE c.relkind IN ('r', 't', 'm') AND c.relpersistence = 'p'"),
              "0");
  }

  void expect_manifest_fits(const fs::path& cold) {
    EXPECT_THAT(manifest_faults(cold, GetParam()), IsEmpty());
    if (GetParam() > 16) return;  // pg_verifybackup 15 does not know the version 2 of 17 and 18
    const auto judged = site.as_server({"/usr/lib/postgresql/15/bin/pg_verifybackup", "-n", cold});
    EXPECT_EQ(judged.exit_code, 0) << judged;
  }

  /// Transactions ended while the backup was made: the first moment that it can serve is the last of theirs, to the
  /// microsecond.
  void expect_exact_first_moment() {
    const auto exit_code = [&](const std::string& moment) {
      return site.owl(restore_to(site.folder() / "unwritten", {"--target-time", moment, "--dry-run"})).exit_code;
    };
    const auto refused =
        site.owl(restore_to(site.folder() / "unwritten", {"--target-time", "2000-01-01", "--dry-run"}));
    std::smatch range;
    ASSERT_TRUE(std::regex_search(refused.err, range, std::regex("can be reached: (\\S+ \\S+) to "))) << refused;
    const std::string first = range[1];
    EXPECT_EQ(exit_code(first), 0) << first;
    EXPECT_EQ(exit_code(site.psql("SELECT '" + first + "'::timestamptz - interval '1us';")), 1) << first;
    EXPECT_EQ(site.psql("SELECT '" + first + "'::timestamptz IN (SELECT pg_xact_commit_timestamp(xmin) FROM history);"),
              "t")
        << first << " is no transaction's end";
  }

  TempDir restored{place_for_restored()};
  Site site{{.server_settings = {"track_commit_timestamp = on", "autovacuum = off"}, .version = GetParam()}};
  std::vector<fs::path> places;
};

TEST_P(Versions, BackupUnderLoadAndBackToEveryKindOfTarget) {
  postgres::Connection open(site.server().connection());
  open.query("CREATE TEMPORARY TABLE temporary AS SELECT generate_series(1, 10000) AS n");
  open.query("CREATE TABLE uncommitted (n int)");
  open.query("BEGIN");
  open.query("INSERT INTO uncommitted VALUES (1)");
  ASSERT_THAT(temporary_files(site.server().data_dir()), Not(IsEmpty()));

  auto load = std::make_unique<Load>(site.server().connection());
  site.owl_ok({"backup", "cluster"});
  const auto moment = record("under load");
  const auto some_later = std::to_string(std::stoi(moment.rows) + 50);
  while (site.psql("SELECT count(*) > " + some_later + " FROM history;") == "f") std::this_thread::yield();
  load.reset();
  const auto end = record("the end");
  site.archive();
  ASSERT_GT(std::stoi(end.rows), std::stoi(moment.rows));

  expect_exact_first_moment();
  const auto cold = place_of("cold");
  site.owl_ok(restore_to(cold, {"--immediate"}));
  expect_manifest_fits(cold);
  EXPECT_THAT(temporary_files(cold), IsEmpty());

  expect_restored("at-time", {"--target-time", moment.time}, moment);
  expect_restored("at-name", {"--target-name", moment.name, "--target-timeline", "1"}, moment);
  expect_restored("at-lsn", {"--target-lsn", moment.lsn}, moment);
  const auto latest = expect_restored("at-the-end", {}, end);
  site.stop_restored(latest);
  const auto pages = check_pages(latest);
  EXPECT_GT(pages.pages, 1000u);
  EXPECT_THAT(pages.bad, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, Versions, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

}  // namespace
}  // namespace owl::test
