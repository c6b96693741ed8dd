#include "crash/faults.h"

namespace owl::test {
namespace {

/// Something new to store each time.
void change_something(Site& site) {
  site.psql("INSERT INTO t SELECT md5(random()::text) FROM generate_series(1, 2000)");
}

TEST(BackupKill, LeavesTheWholeBackupOrNoneAtEveryOperation) {
  Site site;
  site.psql("CREATE TABLE t (v text)");
  change_something(site);
  const unsigned operations = count_operations(site, {"backup", "cluster"});
  ASSERT_GT(operations, 10u);
  std::size_t backups = 1;
  for (unsigned n = 1; n <= operations; ++n) {
    change_something(site);
    const std::string fault = (n % 2 == 0 ? "kill+@" : "kill@") + std::to_string(n);
    const auto run = site.owl({"backup", "cluster"}, with_fault(fault));
    EXPECT_TRUE(run.exit_code == killed || run.exit_code == 0) << fault << ": " << run.exit_code << " " << run.err;
    const auto now = count_backups(site);
    EXPECT_TRUE(now == backups || now == backups + 1) << fault;
    if (run.exit_code == 0) {
      EXPECT_EQ(now, backups + 1) << fault;
    }
    backups = now;
    if (n % 5 == 0) {
      const auto verify = site.owl({"verify"});
      EXPECT_EQ(verify.exit_code, 0) << fault << ": " << verify.out << verify.err;
    }
  }
  site.owl_ok({"backup", "cluster"});
  site.owl_ok({"verify", "--data"});
  const auto to = site.target("after-kills");
  site.owl_ok({"restore", "cluster", "--to", to.string(), "--immediate"});
  const auto judged = site.as_server({site.postgres_program("pg_verifybackup").string(), to.string()});
  EXPECT_EQ(judged.exit_code, 0) << judged.out << judged.err;
}

TEST(BackupKill, WhatAKilledRunStoredIsNotStoredAgain) {
  Site site;
  site.psql("CREATE TABLE t AS SELECT md5(i::text) v FROM generate_series(1, 100000) i");
  // Just before its commit: packs and index are there, the manifest is not.
  const auto run = site.owl({"backup", "cluster"}, with_fault("kill@backups/"));
  EXPECT_EQ(run.exit_code, killed) << run.err;
  ASSERT_EQ(count_backups(site), 0u);
  const auto resumed = json_of(site.owl({"--json", "backup", "cluster"}));
  EXPECT_LT(resumed["stored_bytes"].integer_or(0), resumed["plain_bytes"].integer_or(0) / 20);
  EXPECT_EQ(count_backups(site), 1u);
  site.owl_ok({"verify", "--data"});
}

}  // namespace
}  // namespace owl::test
