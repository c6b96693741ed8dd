#include "crash/faults.h"

namespace owl::test {
namespace {

TEST(RestoreKill, CanBeRunAgainAfterAKillAtEveryOperation) {
  Site site;
  site.psql("CREATE TABLE t AS SELECT md5(i::text) v FROM generate_series(1, 20000) i");
  site.owl_ok({"backup", "cluster"});
  site.archive();
  const auto counted = site.target("counted");
  const unsigned operations =
      count_operations(site, {"restore", "cluster", "--to", counted.string(), "--immediate", "--recovery-ticket"});
  for (unsigned n = 1; n <= operations; ++n) {
    const auto to = site.target("killed-" + std::to_string(n));
    const std::vector<std::string> command{"restore", "cluster", "--to", to.string(), "--immediate", "--recovery-ticket"};
    const std::string fault = (n % 2 == 0 ? "kill+@" : "kill@") + std::to_string(n);
    const auto run = site.owl(command, with_fault(fault));
    ASSERT_EQ(run.exit_code, killed) << fault << " " << run.err;
    EXPECT_FALSE(std::filesystem::exists(to / "global/pg_control")) << fault << ": a server could start half a restore";
    const auto again = site.owl(command);
    ASSERT_EQ(again.exit_code, 0) << fault << " " << again.err;
    const auto judged = site.as_server({site.postgres_program("pg_verifybackup").string(), to.string()});
    EXPECT_EQ(judged.exit_code, 0) << fault << judged.out << judged.err;
    std::filesystem::remove_all(to);
  }
}

}  // namespace
}  // namespace owl::test
