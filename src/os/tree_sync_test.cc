#include "os/tree_sync.h"

#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>

#include "os/file.h"
#include "os/syscall_spy.h"
#include "os/test_support.h"

namespace owl::os {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::SyscallSpy;

/// Two trees with files, folders and links that lead out.
class TreeSyncTest : public testing::Test {
 protected:
  TreeSyncTest() {
    for (const auto* root : {"one", "two"}) {
      make_folders(folder_ / root / "base/5");
      for (const auto* name : {"PG_VERSION", "base/5/1259", "base/5/1260"})
        replace_file(folder_ / root / name, as_bytes("x"));
      make_folders(folder_ / "elsewhere");
      replace_file(folder_ / "elsewhere/file", as_bytes("x"));
      fs::create_directory_symlink(folder_ / "elsewhere", folder_ / root / "folder_link");
      fs::create_symlink(folder_ / "elsewhere/file", folder_ / root / "file_link");
    }
  }
  static std::ptrdiff_t count(const SyscallSpy& spy, std::string_view call) {
    return std::ranges::count(spy.calls(), call);
  }
  /// Is this one of the file systems whose syncfs tells of errors?
  bool can_syncfs() const {
    struct statfs info {};
    return ::statfs(folder_.path().c_str(), &info) == 0 &&
           (info.f_type == EXT4_SUPER_MAGIC || info.f_type == TMPFS_MAGIC || info.f_type == XFS_SUPER_MAGIC ||
            static_cast<unsigned long>(info.f_type) == BTRFS_SUPER_MAGIC);
  }

  test::TemporaryFolder folder_;
};

TEST_F(TreeSyncTest, SyncsEachFileAndFolderWhereNothingElseIsSure) {
  TreeSync sync(TreeSync::Method::each_file);
  sync.begin(folder_ / "one");
  sync.begin(folder_ / "two");
  SyscallSpy spy;
  sync.finish();
  EXPECT_EQ(count(spy, "fsync file"), 6) << "links are not followed";
  EXPECT_EQ(count(spy, "fsync folder"), 6);
  EXPECT_EQ(count(spy, "syncfs"), 0);
  const auto& calls = spy.calls();
  EXPECT_EQ(calls[2], "fsync file");
  EXPECT_EQ(calls[5], "fsync folder") << "a folder is synced after what stands in it";
}

TEST_F(TreeSyncTest, SyncsAFileSystemOnce) {
  if (!can_syncfs()) GTEST_SKIP() << "this file system's syncfs is not trusted";
  TreeSync sync;
  sync.begin(folder_ / "one");
  sync.begin(folder_ / "two");
  SyscallSpy spy;
  sync.finish();
  EXPECT_EQ(spy.calls(), std::vector<std::string>{"syncfs"});
}

TEST_F(TreeSyncTest, WhatMayNotBeOnDiskIsAnError) {
  for (const auto* call : {"fsync file", "fsync folder"}) {
    TreeSync sync(TreeSync::Method::each_file);
    sync.begin(folder_ / "one");
    SyscallSpy spy;
    spy.fail(call, EIO);
    EXPECT_EQ(error_of([&] { sync.finish(); }).kind(), ErrorKind::io) << call;
  }
}

TEST_F(TreeSyncTest, AFullDiskIsToldAsSuch) {
  if (!can_syncfs()) GTEST_SKIP() << "this file system's syncfs is not trusted";
  TreeSync sync;
  sync.begin(folder_ / "one");
  SyscallSpy spy;
  spy.fail("syncfs", ENOSPC);
  const auto error = error_of([&] { sync.finish(); });
  EXPECT_EQ(error.kind(), ErrorKind::disk_full);
  EXPECT_EQ(error.message(), "can't make " + (folder_ / "one").string() + " durable: No space left on device");
}

TEST_F(TreeSyncTest, WhatIsFinishedIsForgotten) {
  TreeSync sync(TreeSync::Method::each_file);
  sync.begin(folder_ / "one");
  sync.finish();
  SyscallSpy spy;
  sync.finish();
  EXPECT_TRUE(spy.calls().empty());
}

TEST_F(TreeSyncTest, AFolderThatIsNotThereCannotBeBegun) {
  TreeSync sync;
  const auto error = error_of([&] { sync.begin(folder_ / "three"); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_EQ(error.message(), "the folder " + (folder_ / "three").string() + " is not there");
}

}  // namespace
}  // namespace owl::os
