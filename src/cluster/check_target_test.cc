#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cluster/restore.h"
#include "cluster/restore_marker.h"
#include "os/file.h"
#include "os/test_support.h"
#include "postgres/control_file.h"
#include "postgres/test_samples.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;
using os::test::error_of;
using testing::HasSubstr;

/// The plan of a backup made on this kind of host, with one tablespace.
class CheckTargetTest : public testing::Test {
 protected:
  CheckTargetTest() {
#if defined(__aarch64__)
    details().architecture = "aarch64 little-endian";
#else
    details().architecture = "x86_64 little-endian";
#endif
    details().version = 150018;
    details().catalog_version = 202209061;
    details().tablespaces = {{16390, (folder_ / "fast").string()}};
    options_.to = folder_ / "pg";
  }
  ClusterDetails& details() {
    return plan_.base.details;
  }
  void check() {
    check_target(options_, plan_);
  }
  void write(const fs::path& path, ByteView content = as_bytes("x")) {
    os::make_folders(path.parent_path());
    os::replace_file(path, content);
  }
  Error refusal(ErrorKind kind = ErrorKind::refused) {
    const auto error = error_of([&] { check(); });
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error;
  }

  os::test::TemporaryFolder folder_;
  RecoveryPlan plan_;
  RestoreOptions options_;
};

TEST_F(CheckTargetTest, ANewOrEmptyDirectoryWillDo) {
  check();
  os::make_folders(options_.to);
  os::make_folders(folder_ / "fast");
  check();
}

TEST_F(CheckTargetTest, WhatIsThereIsNotOverwritten) {
  write(options_.to / "PG_VERSION");
  const auto error = refusal();
  EXPECT_EQ(error.message(), options_.to.string() + " is not empty");
  EXPECT_EQ(error.hint(),
            "Restore into an empty or new directory, or move this one away first; --delta brings a directory of this "
            "cluster back in "
            "place. Nothing was changed.");
}

TEST_F(CheckTargetTest, AFileIsNoDirectory) {
  write(options_.to);
  EXPECT_EQ(refusal().message(), options_.to.string() + " is not a directory");
}

TEST_F(CheckTargetTest, ARunningServerIsNotDisturbed) {
  // A process that lives and is older than the file: it can't be told that it is no server.
  write(options_.to / "postmaster.pid",
        as_bytes(std::to_string(::getpid()) + "\n" + options_.to.string() + "\n9999999999\n"));
  const auto error = refusal();
  EXPECT_EQ(error.message(), "a PostgreSQL server is running in " + options_.to.string());
  EXPECT_EQ(error.hint(), "Stop it first, or restore into another directory. Nothing was changed.");
}

TEST_F(CheckTargetTest, AnInterruptedRestoreIsRunAgain) {
  write(options_.to / "PG_VERSION");
  write(folder_ / "fast/PG_15_202209061/5/16400");
  write_marker(options_.to, "backups/cluster/x");
  write_marker(folder_ / "fast", "backups/cluster/x");
  check();
  write(options_.to / "global/pg_control", postgres::poison_checkpoint(postgres::control_file_sample(15)));
  check();
}

TEST_F(CheckTargetTest, AClusterThatWasStartedAfterAnInterruptedRestoreIsKept) {
  os::make_folders(options_.to);
  write_marker(options_.to, "backups/cluster/x");
  write(options_.to / "global/pg_control", postgres::control_file_sample(15));
  const auto error = refusal();
  EXPECT_EQ(error.message(), options_.to.string() + " holds a cluster that was started after an interrupted restore");
  EXPECT_EQ(error.hint(), "If it is not wanted, remove " + options_.to.string() + " and run the restore again.");
}

TEST_F(CheckTargetTest, ATablespaceInUseIsNotOverwritten) {
  write(folder_ / "fast/PG_15_202209061/5/16400");
  const auto error = refusal();
  const auto fast = (folder_ / "fast").string();
  EXPECT_EQ(error.message(), "tablespace 16390 would be restored to " + fast + ", which is not empty");
  EXPECT_EQ(error.hint(),
            "On the host of the source cluster that is its live data (PG_15_202209061…): choose another place "
            "with --tablespace-map " +
                fast + "=NEW. Nothing was changed.");
  options_.tablespace_map = {{"16390", folder_ / "elsewhere"}};
  check();
}

TEST_F(CheckTargetTest, WalThatWouldCreateATablespaceInUseIsNotReplayed) {
  write(folder_ / "slow/PG_15_202209061/5/16401");
  plan_.tablespaces_created = {{{0x3000028}, 16391, (folder_ / "slow").string()}};
  const auto error = refusal();
  EXPECT_EQ(error.message(),
            "the WAL up to the target creates tablespace 16391 at " + (folder_ / "slow").string() +
                ", which is not empty on this host: recovery would overwrite what is there (at LSN 0/3000028)");
  EXPECT_THAT(error.hint(), HasSubstr("Choose a target before that moment"));
  fs::remove_all(folder_ / "slow");
  check();
  os::make_folders(folder_ / "slow");
  check();
}

/// The backup was begun after CREATE TABLESPACE's checkpoint: the tablespace is in the backup and in its WAL.
TEST_F(CheckTargetTest, ATablespaceOfTheBackupMayBeCreatedAgain) {
  os::make_folders(folder_ / "fast");
  write_marker(folder_ / "fast", "backups/cluster/x");
  plan_.tablespaces_created = {{{0x3000028}, 16390, (folder_ / "fast").string()}};
  check();
}

TEST_F(CheckTargetTest, AnotherArchitectureIsRefused) {
  details().architecture = "s390x big-endian";
  EXPECT_THAT(refusal(ErrorKind::unsupported).message(),
              HasSubstr("the backup was made on s390x big-endian, this host is "));
}

}  // namespace
}  // namespace owl::cluster
