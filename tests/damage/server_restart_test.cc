#include <thread>

#include "crash/faults.h"

namespace owl::test {
namespace {

TEST(ServerRestart, DuringABackupVoidsIt) {
  Site site;
  site.psql("CREATE TABLE t AS SELECT md5(i::text) v FROM generate_series(1, 20000) i");
  RunResult backup;
  std::jthread running([&] { backup = site.owl({"backup", "cluster"}, with_fault("slow:700ms")); });
  std::this_thread::sleep_for(std::chrono::seconds(7));
  site.server().stop(PostgresServer::Stop::immediate);
  site.server().start();
  running.join();
  EXPECT_NE(backup.exit_code, 0);
  EXPECT_LT(backup.exit_code, 128);
  EXPECT_FALSE(backup.err.empty());
  EXPECT_EQ(count_backups(site), 0u) << backup.err;
  site.owl_ok({"backup", "cluster"});
  site.owl_ok({"verify", "--data"});
}

}  // namespace
}  // namespace owl::test
