#include <sys/mount.h>
#include <unistd.h>

#include <fstream>

#include "crash/faults.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;

/// A small file system of its own, for as long as it lives.
class SmallDisk {
 public:
  SmallDisk(fs::path path, const char* size) : path_(std::move(path)) {
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, (std::string("mode=0777,size=") + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  fs::path path_;
  bool mounted_ = false;
};

class DiskFull : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  }
};

TEST_F(DiskFull, ARestoreIsRefusedBeforeItWrites) {
  Site site;
  site.owl_ok({"backup", "cluster"});
  const auto to = site.make("small");
  const SmallDisk disk(to, "8m");
  ASSERT_TRUE(disk.mounted());
  const auto run = site.owl({"restore", "cluster", "--to", to.string(), "--immediate"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_NE(run.err.find("the restore needs"), std::string::npos) << run.err;
  EXPECT_TRUE(fs::is_empty(to));
}

TEST_F(DiskFull, AFullStoreFailsTheBackupClearlyAndNothingIsLost) {
  Site site;
  const SmallDisk disk(site.store(), "24m");
  if (!disk.mounted()) GTEST_SKIP() << "no tmpfs here";
  site.as_server({"rm", (site.state() / "host.key").string()});  // the repository that it belongs to is hidden now
  site.owl_ok({"init"});
  site.owl_ok({"backup", "cluster"});
  const auto filler = site.store() / "filler";
  {
    std::ofstream out(filler, std::ios::binary);
    const std::string block(1u << 16, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  site.psql("CREATE TABLE t AS SELECT md5(i::text) v FROM generate_series(1, 50000) i");
  const auto run = site.owl({"backup", "cluster"}, {{"OWLBACKUP_BACKUP__WAL_TIMEOUT", "3s"}});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_NE(run.err.find("o space left"), std::string::npos) << run.err;
  fs::remove(filler);
  EXPECT_EQ(count_backups(site), 1u);
  site.owl_ok({"verify", "--data"});
}

}  // namespace
}  // namespace owl::test
