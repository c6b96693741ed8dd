#include <gmock/gmock.h>

#include <chrono>
#include <fstream>

#include "crash/faults.h"
#include "e2e/judges.h"
#include "postgres/connection.h"
#include "support/environment.h"
#include "support/eventually.h"
#include "support/run.h"

// `restore cluster --delta`: the old data directory, whatever became of it, is made into the cluster of the wanted
// moment.

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

/// A server with a tablespace, backed up, and worked on afterwards.
class Delta : public testing::Test {
 protected:
  void SetUp() override {
    site.psql("CREATE TABLESPACE apart LOCATION '" + place.string() + "'");
    site.psql(
        "CREATE TABLE t AS SELECT i, md5(i::text) v FROM generate_series(1, 300000) i;"
        "CREATE INDEX ON t (v);"
        "CREATE TABLE u TABLESPACE apart AS SELECT i, md5(i::text) v FROM generate_series(1, 50000) i");
    site.owl_ok({"backup", "cluster"});
    site.psql("UPDATE t SET v = 'before' WHERE i <= 100; INSERT INTO u VALUES (0, 'before')");
    std::this_thread::sleep_for(20ms);
    moment = site.now();
    std::this_thread::sleep_for(20ms);
    site.psql("DELETE FROM t WHERE i % 100 = 0; TRUNCATE u; CREATE TABLE junk AS SELECT generate_series(1, 50000)");
    site.archive();
  }
  fs::path data() { return site.server().data_dir(); }
  std::vector<std::string> command(std::vector<std::string> more = {}) {
    std::vector<std::string> all{"restore", "cluster", "--to", data(), "--target-time", moment, "--delta"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void expect_state_of_moment(postgres::Connection& restored) {
    EXPECT_EQ(restored.query_text("SELECT count(*) FROM t"), "300000");
    EXPECT_EQ(restored.query_text("SELECT count(*) FROM t WHERE v = 'before'"), "100");
    EXPECT_EQ(restored.query_text("SELECT count(*) FROM u"), "50001");
    EXPECT_EQ(restored.query_text("SELECT count(*) FROM pg_class WHERE relname = 'junk'"), "0");
  }

  Site site;
  fs::path place = site.make("apart");
  std::string moment;
};

TEST_F(Delta, GoesBackInPlaceAndFetchesOnlyWhatDiffers) {
  const auto running = site.owl(command());
  EXPECT_EQ(running.exit_code, 1);
  EXPECT_THAT(running.err, HasSubstr("a PostgreSQL server is running in"));
  site.psql("CHECKPOINT");
  site.server().stop();
  const auto without = site.owl({"restore", "cluster", "--to", data(), "--target-time", moment});
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_THAT(without.err,
              AllOf(HasSubstr("is not empty"), HasSubstr("--delta brings a directory of this cluster back")));

  const auto planned = json_of(
      site.owl({"--json", "restore", "cluster", "--to", data(), "--target-time", moment, "--delta", "--dry-run"}));
  EXPECT_GT(planned["kept_bytes"].unsigned_or(0), planned["plain_bytes"].unsigned_or(0) / 2) << planned.dump();
  const auto run = site.owl(command({"--start"}));
  ASSERT_EQ(run.exit_code, 0) << run;
  EXPECT_THAT(run.out, HasSubstr("were in place already"));
  EXPECT_THAT(run.out, HasSubstr("WAL that this directory had and no store has is kept in")) << "the open segment";
  postgres::Connection restored(Site::connection_in(run.out));
  expect_state_of_moment(restored);
}

TEST_F(Delta, MendsADamagedDirectoryToTheByte) {
  site.server().kill9();
  // What a broken disk, a helpful colleague and a crash leave behind.
  for (const auto& entry : fs::recursive_directory_iterator(data() / "base")) {
    if (!entry.is_regular_file() || entry.file_size() < 100'000) continue;
    std::fstream(entry.path(), std::ios::in | std::ios::out | std::ios::binary).seekp(50'000).write("damage", 6);
  }
  fs::remove_all(data() / "pg_xact");
  fs::remove(data() / "PG_VERSION");
  std::ofstream(data() / "base/notes.txt") << "do not forget";
  fs::remove_all(place);
  const auto run = site.owl(command({"--recovery-ticket"}));
  ASSERT_EQ(run.exit_code, 0) << run;
  const auto judged = site.as_server({site.postgres_program("pg_verifybackup").string(), data()});
  EXPECT_EQ(judged.exit_code, 0) << judged;
  PostgresServer server({.settings = {"archive_mode = off"}, .data_dir = data()});
  ASSERT_TRUE(eventually([&] { return server.psql("SELECT pg_is_in_recovery()") == "f"; })) << server.log();
  postgres::Connection restored(server.connection());
  expect_state_of_moment(restored);
}

TEST_F(Delta, KilledAnywhereNoServerStartsAndItCanBeRunAgain) {
  site.psql("CHECKPOINT");
  site.server().stop();
  const auto original = site.folder() / "original", original_place = site.folder() / "original-place";
  run_ok({"cp", "-a", data(), original});
  run_ok({"cp", "-a", place, original_place});
  const auto put_back = [&] {
    for (const auto& [from, to] : {std::pair(original, data()), std::pair(original_place, place)}) {
      fs::remove_all(to);
      run_ok({"cp", "-a", from, to});
    }
  };
  const unsigned operations = count_operations(site, command({"--recovery-ticket"}));
  unsigned disarmed = 0;
  const unsigned step = long_run() ? 1 : std::max(1u, operations / 8);
  for (unsigned n = 1; n <= operations; n += step) {
    put_back();
    const std::string fault = (n / step % 2 == 0 ? "kill+@" : "kill@") + std::to_string(n);
    const auto run = site.owl(command({"--recovery-ticket"}), with_fault(fault));
    ASSERT_EQ(run.exit_code, killed) << fault << " " << run.err;
    const bool touched = fs::exists(data() / "owlbackup.restore-in-progress");
    EXPECT_FALSE(touched && fs::exists(data() / "global/pg_control")) << fault << ": a server could start on a mixture";
    disarmed += touched ? 1 : 0;
    const auto again = site.owl(command({"--recovery-ticket"}));
    ASSERT_EQ(again.exit_code, 0) << fault << " " << again.err;
    const auto judged = site.as_server({site.postgres_program("pg_verifybackup").string(), data()});
    EXPECT_EQ(judged.exit_code, 0) << fault << judged;
  }
  EXPECT_GT(disarmed, 2u) << "no kill came while the directory was half restored";
}

TEST_F(Delta, AnotherClustersDirectoryIsNotTouched) {
  PostgresServer other({.settings = {}});
  other.psql("CREATE TABLE precious AS SELECT 1");
  other.stop();
  const auto run = site.owl({"restore", "cluster", "--to", other.data_dir(), "--delta"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, AllOf(HasSubstr("holds another cluster (system id "), HasSubstr("Nothing was changed.")));
  other.start();
  EXPECT_EQ(other.psql("SELECT count(*) FROM precious"), "1");
}

}  // namespace
}  // namespace owl::test
