#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "crash/faults.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;

/// A small file system of its own, for as long as it lives; whoever owned the folder owns it.
class SmallDisk {
 public:
  SmallDisk(fs::path path, const std::string& size) : path_(std::move(path)) {
    struct stat status {};
    const auto owner = ::stat(path_.c_str(), &status) == 0 ? std::to_string(status.st_uid) : "0";
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, ("mode=0777,uid=" + owner + ",size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  bool enlarge(const std::string& options) const {
    return ::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, options.c_str()) == 0;
  }

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

/// A cluster whose tablespace is the largest part of it by far.
class DiskFullTablespace : public DiskFull {
 protected:
  void SetUp() override {
    DiskFull::SetUp();
    if (IsSkipped()) return;
    site = std::make_unique<Site>();
    place = site->make("tablespace");
    site->psql("CREATE TABLESPACE apart LOCATION '" + place.string() + "';");
    site->psql(
        "CREATE TABLE big TABLESPACE apart AS SELECT repeat(md5(i::text), 60) v FROM generate_series(1, 40000) i;");
    site->owl_ok({"backup", "cluster"});
  }

  RunResult restore(const fs::path& to, const fs::path& tablespace) {
    return site->owl({"restore", "cluster", "--to", to.string(), "--immediate", "--tablespace-map",
                      place.string() + "=" + tablespace.string()});
  }

  std::unique_ptr<Site> site;
  fs::path place;
};

TEST_F(DiskFullTablespace, EachFileSystemIsAskedForWhatItWillGet) {
  const auto to = site->make("small"), tablespace = site->make("tablespace-small");
  {
    // Room for all but the tablespace, which goes elsewhere.
    const SmallDisk disk(to, "100m");
    ASSERT_TRUE(disk.mounted());
    const auto run = restore(to, site->folder() / "roomy");
    EXPECT_EQ(run.exit_code, 0) << run;
  }
  const SmallDisk disk(tablespace, "8m");
  ASSERT_TRUE(disk.mounted());
  const auto run = restore(site->folder() / "unwritten", tablespace);
  EXPECT_EQ(run.exit_code, 1) << run;
  EXPECT_NE(run.err.find(tablespace.string() + " has 8.0 MiB free, the restore needs "), std::string::npos) << run.err;
  EXPECT_TRUE(fs::is_empty(tablespace));
  EXPECT_FALSE(fs::exists(site->folder() / "unwritten"));
}

TEST_F(DiskFullTablespace, ThatFillsUpMidwayFailsClearlyAndTheRestoreCanBeRunAgain) {
  const auto to = site->make("few");
  const auto tablespace = site->folder() / "few-tablespace";
  {
    // Bytes enough for the check, but not for so many files.
    const SmallDisk disk(to, "1g,nr_inodes=400");
    ASSERT_TRUE(disk.mounted());
    const auto run = restore(to, tablespace);
    EXPECT_EQ(run.exit_code, 1) << run;
    EXPECT_NE(run.err.find("o space left on device"), std::string::npos) << run.err;
    EXPECT_FALSE(fs::exists(to / "global/pg_control"));
    ASSERT_TRUE(disk.enlarge("nr_inodes=0"));
    const auto again = restore(to, tablespace);
    EXPECT_EQ(again.exit_code, 0) << again;
    const auto judged = site->as_server({site->postgres_program("pg_verifybackup").string(), to.string()});
    EXPECT_EQ(judged.exit_code, 0) << judged;
  }
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
