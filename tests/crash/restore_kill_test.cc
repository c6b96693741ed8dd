#include <gmock/gmock.h>

#include "crash/faults.h"
#include "e2e/judges.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;

/// A cluster with a tablespace, restored into a folder of its own each time.
class RestoreKill : public testing::Test {
 protected:
  void SetUp() override {
    site.psql("CREATE TABLESPACE apart LOCATION '" + place.string() + "';");
    site.psql("CREATE TABLE t AS SELECT md5(i::text) v FROM generate_series(1, 20000) i;");
    site.psql("CREATE TABLE u TABLESPACE apart AS SELECT md5(i::text) v FROM generate_series(1, 20000) i;");
    site.owl_ok({"backup", "cluster"});
    site.archive();
  }

  static fs::path tablespace_of(const fs::path& to) { return to.string() + "-apart"; }
  std::vector<std::string> command(const fs::path& to) {
    return {"restore",
            "cluster",
            "--to",
            to.string(),
            "--immediate",
            "--recovery-ticket",
            "--tablespace-map",
            place.string() + "=" + tablespace_of(to).string()};
  }

  Site site;
  fs::path place = site.make("apart");
};

TEST_F(RestoreKill, CanBeRunAgainAfterAKillAtEveryOperation) {
  const unsigned operations = count_operations(site, command(site.target("counted")));
  bool tablespace_begun = false;
  for (unsigned n = 1; n <= operations; ++n) {
    const auto to = site.target("killed-" + std::to_string(n));
    const std::string fault = (n % 2 == 0 ? "kill+@" : "kill@") + std::to_string(n);
    const auto run = site.owl(command(to), with_fault(fault));
    ASSERT_EQ(run.exit_code, killed) << fault << " " << run.err;
    EXPECT_FALSE(fs::exists(to / "global/pg_control")) << fault << ": a server could start half a restore";
    tablespace_begun |= fs::exists(tablespace_of(to)) && !files_with(tablespace_of(to), "PG_15").empty();
    const auto again = site.owl(command(to));
    ASSERT_EQ(again.exit_code, 0) << fault << " " << again.err;
    const auto judged = site.as_server({site.postgres_program("pg_verifybackup").string(), to.string()});
    EXPECT_EQ(judged.exit_code, 0) << fault << judged.out << judged.err;
    EXPECT_EQ(files_with(tablespace_of(to), "restore-in-progress"), std::vector<fs::path>{})
        << fault << ": the marker stays";
    fs::remove_all(to);
    fs::remove_all(tablespace_of(to));
  }
  EXPECT_TRUE(tablespace_begun) << "no kill came while the tablespace was there in part";
}

/// Ctrl-C is no kill: it says so, and what is there can be gone on with.
TEST_F(RestoreKill, InterruptedItSaysSoAndCanBeRunAgain) {
  const auto to = site.target("interrupted");
  // The signal comes when the restore has begun to write, however slow the machine; job control, or a shell's
  // background process would ignore it.
  const std::string script =
      "set -m; to=$1; shift; \"$@\" & restore=$!;"
      " until find \"$to\" -name '*restore-in-progress*' 2>/dev/null | grep -q . || ! kill -0 $restore; do sleep 0.05; "
      "done;"
      " kill -INT $restore; wait $restore";
  std::vector<std::string> argv{"env",  "OWLBACKUP_STORAGE__PRIMARY__DOWNLOAD_LIMIT=300kB",
                                "bash", "-c",
                                script, "bash",
                                to,     site.programs() / "owlbackup",
                                "-c",   site.config()};
  for (auto& word : command(to)) argv.push_back(std::move(word));
  const auto run = site.as_server(argv);
  EXPECT_EQ(run.exit_code, 130) << run;
  EXPECT_THAT(run.err,
              testing::HasSubstr("is not whole, and no server starts on it. The same command restores it anew."));
  EXPECT_FALSE(fs::exists(to / "global/pg_control")) << "a server could start half a restore";
  EXPECT_FALSE(files_with(to, "restore-in-progress").empty()) << "it came too early";
  const auto again = site.owl(command(to));
  ASSERT_EQ(again.exit_code, 0) << again;
  const auto judged = site.as_server({site.postgres_program("pg_verifybackup").string(), to.string()});
  EXPECT_EQ(judged.exit_code, 0) << judged;
}

}  // namespace
}  // namespace owl::test
