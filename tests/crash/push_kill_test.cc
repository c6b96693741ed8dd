#include <fstream>

#include "crash/faults.h"

namespace owl::test {
namespace {

/// A site whose archived segments can be pushed again by hand: PostgreSQL keeps them in pg_wal for a while.
class PushKill : public testing::Test {
 protected:
  PushKill() {
    site.owl_ok({"init"});
    site.psql("CREATE TABLE t AS SELECT md5(i::text) v FROM generate_series(1, 20000) i");
    site.archive();
    name = site.psql("SELECT last_archived_wal FROM pg_stat_archiver");
    while (name.ends_with('\n')) name.pop_back();
    segment = site.server().data_dir() / "pg_wal" / name;
  }

  RunResult push(const std::string& fault = {}) {
    return site.owl({"wal", "push", segment.string()},
                    fault.empty() ? std::map<std::string, std::string>{} : with_fault(fault));
  }

  Site site;
  std::string name;
  std::filesystem::path segment;
};

TEST_F(PushKill, TheSameBytesAgainAreSuccess) {
  const auto again = push();
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(site.wal_objects(name).size(), 1u);
}

TEST_F(PushKill, AKilledPushIsMadeGoodByTheNext) {
  for (const char* fault :
       {"kill@1", "kill+@1", "kill@2", "kill+@2", "cut@1", "cut@2", "fail@1:transient", "fail@1:throttled"}) {
    site.lose_wal(name);
    const auto run = push(fault);
    if (std::string(fault).starts_with("kill")) {
      EXPECT_TRUE(run.exit_code == killed || run.exit_code == 0) << fault;
    } else {
      EXPECT_EQ(run.exit_code, 0) << fault << ": " << run.err;
    }
    const auto again = push();
    EXPECT_EQ(again.exit_code, 0) << fault << ": " << again.err;
    EXPECT_EQ(site.wal_objects(name).size(), 1u) << fault;
    site.owl_ok({"verify"});
  }
}

TEST_F(PushKill, ADamagedObjectGetsAGoodCopyBesideIt) {
  const auto object = site.wal_objects(name).at(0);
  std::filesystem::resize_file(object, std::filesystem::file_size(object) / 2);
  const auto run = push();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("a good copy is stored beside it"), std::string::npos) << run.err;
  EXPECT_EQ(site.wal_objects(name).size(), 2u);
}

TEST_F(PushKill, OtherBytesUnderTheSameNameAreRefusedWithTheirCauses) {
  {
    std::fstream file(segment, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(-5, std::ios::end);  // behind the end of the WAL in it
    file.put('x');
  }
  const auto run = push();
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_NE(run.err.find("other bytes are archived already under the name " + name), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("rolled-back snapshot"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace owl::test
