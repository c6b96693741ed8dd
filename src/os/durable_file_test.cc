#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "os/file.h"
#include "os/syscall_spy.h"
#include "os/test_support.h"

namespace owl::os {
namespace {

using test::error_of;
using test::exit_code_in_child;
using test::SyscallSpy;
using test::TemporaryFolder;
using testing::ElementsAre;

CreateOutcome create(const fs::path& path, std::string_view text) {
  const ByteView pieces[] = {as_bytes(text)};
  return create_file_once(path, pieces);
}

std::string text_of(const fs::path& path) {
  return std::string(as_text(read_file(path)));
}

std::vector<std::string> names_in(const fs::path& path) {
  std::vector<std::string> names;
  const auto entries = list_folder(path);
  if (entries) {
    for (const auto& entry : *entries) names.push_back(entry.name);
  }
  return names;
}

TEST(CreateFileOnce, WritesItsPiecesInOrder) {
  const TemporaryFolder folder;
  const ByteView pieces[] = {as_bytes("one "), as_bytes(""), as_bytes("two")};
  EXPECT_EQ(create_file_once(folder / "a", pieces, 0640), CreateOutcome::created);
  EXPECT_EQ(text_of(folder / "a"), "one two");
  EXPECT_EQ(status_of(folder / "a")->mode, 0640U);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
}

TEST(CreateFileOnce, NeverTouchesWhatIsThere) {
  const TemporaryFolder folder;
  EXPECT_EQ(create(folder / "a", "first"), CreateOutcome::created);
  EXPECT_EQ(create(folder / "a", "second"), CreateOutcome::already_exists);
  EXPECT_EQ(text_of(folder / "a"), "first");
  fs::create_symlink("nowhere", folder / "dangling");
  EXPECT_EQ(create(folder / "dangling", "x"), CreateOutcome::already_exists);
  EXPECT_FALSE(fs::exists(folder / "nowhere"));
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a", "dangling"));
}

TEST(CreateFileOnce, IsDurableInThisOrder) {
  const TemporaryFolder folder;
  const ByteView pieces[] = {as_bytes("1"), as_bytes("2")};
  SyscallSpy spy;
  create_file_once(folder / "a", pieces);
  EXPECT_THAT(spy.calls(), ElementsAre("write", "write", "fsync file", "linkat", "unlinkat", "fsync folder"));
}

TEST(CreateFileOnce, SyncsTheFolderAlsoForTheOneWhoCameSecond) {
  const TemporaryFolder folder;
  create(folder / "a", "first");
  SyscallSpy spy;
  create(folder / "a", "second");
  EXPECT_THAT(spy.calls(), ElementsAre("fsync folder"));
}

TEST(CreateFileOnce, WithoutHardLinksRenames) {
  for (const int error : {EPERM, EOPNOTSUPP, ENOSYS}) {
    const TemporaryFolder folder;
    SyscallSpy spy;
    spy.fail("linkat", error);
    EXPECT_EQ(create(folder / "a", "first"), CreateOutcome::created);
    EXPECT_THAT(spy.calls(), ElementsAre("write", "fsync file", "linkat", "renameat2", "fsync folder"));
    EXPECT_EQ(text_of(folder / "a"), "first");
    EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
  }
}

TEST(CreateFileOnce, WithoutAnySafeWayIsUnsupported) {
  const TemporaryFolder folder;
  SyscallSpy spy;
  spy.fail("linkat", EPERM);
  spy.fail("renameat2", EINVAL);
  EXPECT_EQ(error_of([&] { create(folder / "a", "x"); }).kind(), ErrorKind::unsupported);
  EXPECT_TRUE(names_in(folder.path()).empty());
}

TEST(CreateFileOnce, AFailureLeavesNoTrace) {
  for (const std::string call : {"write", "fsync file", "linkat"}) {
    const TemporaryFolder folder;
    SyscallSpy spy;
    spy.fail(call, EIO);
    EXPECT_EQ(error_of([&] { create(folder / "a", "x"); }).errno_value(), EIO) << call;
    EXPECT_TRUE(names_in(folder.path()).empty()) << call;
  }
}

TEST(CreateFileOnce, AFolderThatCannotBeSyncedIsAnError) {
  const TemporaryFolder folder;
  {
    SyscallSpy spy;
    spy.fail("fsync folder", EIO);
    EXPECT_EQ(error_of([&] { create(folder / "a", "x"); }).errno_value(), EIO);
    EXPECT_EQ(error_of([&] { create(folder / "a", "x"); }).errno_value(), EIO) << "nor is the file there for sure";
  }
  EXPECT_EQ(create(folder / "a", "x"), CreateOutcome::already_exists);
}

TEST(CreateFileOnce, AFileSystemWithoutFolderSyncWillDo) {
  const TemporaryFolder folder;
  SyscallSpy spy;
  spy.fail("fsync folder", EINVAL);
  EXPECT_EQ(create(folder / "a", "x"), CreateOutcome::created);
}

/// The process ends before each of its calls in turn: the file must be absent or whole, and a later run must succeed.
TEST(CreateFileOnce, DeathAtAnyStepLeavesTheFileAbsentOrWhole) {
  const std::string text = "all of it";
  std::size_t step = 0;
  for (int code = 77; code == 77; ++step) {
    const TemporaryFolder folder;
    code = exit_code_in_child([&] {
      SyscallSpy spy;
      spy.die_before(step);
      create(folder / "a", text);
      return 0;
    });
    const auto left = read_file_if_exists(folder / "a");
    EXPECT_EQ(left ? as_text(*left) : text, text) << step;
    for (const auto& name : names_in(folder.path())) EXPECT_TRUE(name == "a" || is_temporary_name(name)) << name;
    create(folder / "a", text);
    EXPECT_EQ(text_of(folder / "a"), text);
  }
  EXPECT_EQ(step, 6U) << "five calls and one run to the end";
}

TEST(CreateFileOnce, OneOfEightThreadsWins) {
  for (int round = 0; round < 50; ++round) {
    const TemporaryFolder folder;
    std::atomic<int> winners = 0, winner = -1;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
          if (create(folder / "a", std::string(10'000, static_cast<char>('0' + i))) == CreateOutcome::already_exists) {
            EXPECT_EQ(status_of(folder / "a")->size, 10'000U) << "whole for the losers, too";
            return;
          }
          ++winners;
          winner = i;
        });
      }
    }
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(text_of(folder / "a"), std::string(10'000, static_cast<char>('0' + winner)));
    EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
  }
}

TEST(CreateFileOnce, OneOfEightProcessesWins) {
  for (int round = 0; round < 10; ++round) {
    const TemporaryFolder folder;
    std::vector<int> pids;
    for (int i = 0; i < 8; ++i) {
      const int pid = ::fork();
      if (pid == 0) ::_exit(create(folder / "a", std::to_string(i)) == CreateOutcome::created ? 10 + i : 0);
      pids.push_back(pid);
    }
    std::vector<int> winners;
    for (const int pid : pids) {
      int status = 0;
      ASSERT_EQ(::waitpid(pid, &status, 0), pid);
      if (WEXITSTATUS(status) >= 10) winners.push_back(WEXITSTATUS(status) - 10);
    }
    ASSERT_EQ(winners.size(), 1U);
    EXPECT_EQ(text_of(folder / "a"), std::to_string(winners[0]));
  }
}

/// The same race where the file system has no hard links.
TEST(CreateFileOnce, OneOfEightRenamesWins) {
  const TemporaryFolder folder;
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        SyscallSpy spy;
        spy.fail("linkat", EPERM);
        if (create(folder / "a", "x") == CreateOutcome::created) ++winners;
      });
    }
  }
  EXPECT_EQ(winners, 1);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
}

TEST(CreateFileOnce, TakesNamesAsLongAsTheFileSystemDoes) {
  const TemporaryFolder folder;
  EXPECT_EQ(create(folder / std::string(255, 'n'), "x"), CreateOutcome::created);
  EXPECT_EQ(error_of([&] { create(folder / std::string(256, 'n'), "x"); }).errno_value(), ENAMETOOLONG);
  EXPECT_EQ(names_in(folder.path()).size(), 1U);
}

TEST(CreateFileOnce, RefusesAMissingFolderAndAFolderName) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { create(folder / "missing/a", "x"); }).kind(), ErrorKind::not_found);
  EXPECT_EQ(error_of([&] { create(folder / "", "x"); }).kind(), ErrorKind::io);
}

/// A small file system in memory, unmounted at the end. Only root can make one.
class TinyFileSystem {
 public:
  explicit TinyFileSystem(const char* options) {
    mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options) == 0;
  }
  TinyFileSystem(const TinyFileSystem&) = delete;
  TinyFileSystem& operator=(const TinyFileSystem&) = delete;
  ~TinyFileSystem() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const fs::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
  bool mounted_ = false;
};

TEST(FullDisk, LeavesNoTrace) {
  const TinyFileSystem disk("size=64k");
  if (!disk.mounted()) GTEST_SKIP() << "only root can mount a file system";
  const std::string large(100'000, 'x');
  const auto error = error_of([&] { create(disk.path() / "a", large); });
  EXPECT_EQ(error.kind(), ErrorKind::disk_full);
  EXPECT_THAT(error.what(), testing::HasSubstr((disk.path() / "a").native()));
  EXPECT_TRUE(names_in(disk.path()).empty());
  EXPECT_EQ(create(disk.path() / "a", "small"), CreateOutcome::created) << "the space is free again";
  EXPECT_EQ(error_of([&] { replace_file(disk.path() / "a", as_bytes(large)); }).kind(), ErrorKind::disk_full);
  EXPECT_EQ(text_of(disk.path() / "a"), "small") << "the old file stays";
  EXPECT_THAT(names_in(disk.path()), ElementsAre("a"));
}

/// tmpfs counts a second name as an inode: with one the temporary file can't be made, with two not linked.
TEST(FullDisk, OfInodesLeavesNoTrace) {
  for (const auto* options : {"nr_inodes=1", "nr_inodes=2"}) {
    const TinyFileSystem disk(options);
    if (!disk.mounted()) GTEST_SKIP() << "only root can mount a file system";
    EXPECT_EQ(error_of([&] { create(disk.path() / "a", "x"); }).kind(), ErrorKind::disk_full) << options;
    EXPECT_TRUE(names_in(disk.path()).empty()) << options;
  }
}

TEST(ClosedFolder, IsDeniedWithNothingChanged) {
  const TemporaryFolder folder;
  const auto closed = folder / "closed";
  fs::create_directory(closed);
  fs::permissions(folder.path(), fs::perms(0755));
  for (const unsigned mode : {0000U, 0333U, 0555U}) {  // nothing; write but not read; read but not write
    fs::permissions(closed, fs::perms(mode));
    const int code = exit_code_in_child([&] {
      if (::geteuid() == 0 && ::setuid(65534) != 0) return 1;  // root may do everything
      if (error_of([&] { create(closed / "a", "x"); }).kind() != ErrorKind::denied) return 2;
      if (error_of([&] { replace_file(closed / "a", as_bytes("x")); }).kind() != ErrorKind::denied) return 3;
      return 0;
    });
    EXPECT_EQ(code, 0) << mode;
    fs::permissions(closed, fs::perms(0755));
    EXPECT_TRUE(names_in(closed).empty()) << mode;
  }
}

TEST(ReplaceFile, ReplacesWholeAndDurably) {
  const TemporaryFolder folder;
  replace_file(folder / "a", as_bytes("old and longer"));
  SyscallSpy spy;
  replace_file(folder / "a", as_bytes("new"), 0600);
  EXPECT_THAT(spy.calls(), ElementsAre("write", "fsync file", "renameat", "fsync folder"));
  EXPECT_EQ(text_of(folder / "a"), "new");
  EXPECT_EQ(status_of(folder / "a")->mode, 0600U);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
}

TEST(ReplaceFile, TakesItsContentInParts) {
  const test::TemporaryFolder folder;
  replace_file(folder / "file", to_bytes(as_bytes("old")));
  replace_file_in_parts(folder / "file", [](const AppendBytes& append) {
    for (const auto* part : {"new ", "", "content"}) append(as_bytes(part));
  });
  EXPECT_EQ(as_text(read_file(folder / "file")), "new content");
  const auto fails = [](const AppendBytes& append) {
    append(as_bytes("half"));
    throw Error(ErrorKind::io, "stopped");
  };
  EXPECT_THROW(replace_file_in_parts(folder / "file", fails), Error);
  EXPECT_EQ(as_text(read_file(folder / "file")), "new content");
  EXPECT_EQ(list_folder(folder / ".")->size(), 1u) << "no trace of the half";
}

TEST(ReplaceFile, AFailureKeepsTheOldFile) {
  for (const std::string call : {"write", "fsync file", "renameat"}) {
    const TemporaryFolder folder;
    replace_file(folder / "a", as_bytes("old"));
    SyscallSpy spy;
    spy.fail(call, EIO);
    EXPECT_THROW(replace_file(folder / "a", as_bytes("new")), Error) << call;
    EXPECT_EQ(text_of(folder / "a"), "old") << call;
    EXPECT_THAT(names_in(folder.path()), ElementsAre("a")) << call;
  }
}

TEST(ReplaceFile, DeathAtAnyStepLeavesTheOldOrTheNewFile) {
  std::size_t step = 0;
  for (int code = 77; code == 77; ++step) {
    const TemporaryFolder folder;
    replace_file(folder / "a", as_bytes("old"));
    code = exit_code_in_child([&] {
      SyscallSpy spy;
      spy.die_before(step);
      replace_file(folder / "a", as_bytes("new"));
      return 0;
    });
    EXPECT_THAT(text_of(folder / "a"), testing::AnyOf("old", "new")) << step;
  }
  EXPECT_EQ(step, 5U);
}

TEST(TemporaryNames, AreUnmistakable) {
  EXPECT_TRUE(is_temporary_name(".owl-tmp-0123456789abcdef"));
  EXPECT_FALSE(is_temporary_name("owl-tmp-0123456789abcdef"));
  EXPECT_FALSE(is_temporary_name("000000010000000000000001"));
  EXPECT_FALSE(is_temporary_name(""));
}

TEST(MakeFolders, MakesWhatIsMissingAndSyncsItsParents) {
  const TemporaryFolder folder;
  SyscallSpy spy;
  make_folders(folder / "a/b/c", 0750);
  EXPECT_THAT(spy.calls(), ElementsAre("fsync folder", "fsync folder", "fsync folder"));
  EXPECT_EQ(status_of(folder / "a/b/c")->mode, 0750U);
  make_folders(folder / "a/b/c");
  EXPECT_EQ(spy.calls().size(), 3U) << "nothing was missing";
}

TEST(MakeFolders, TakesTrailingSlashesLinksAndRelativePaths) {
  const TemporaryFolder folder;
  make_folders(folder / "a/b/");
  EXPECT_TRUE(fs::is_directory(folder / "a/b"));
  fs::create_directory_symlink(folder / "a", folder / "link");
  make_folders(folder / "link/c");
  EXPECT_TRUE(fs::is_directory(folder / "a/c"));
  const int code = exit_code_in_child([&] {
    fs::current_path(folder.path());
    make_folders("d/e");
    return fs::is_directory("d/e") ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(MakeFolders, RefusesAFileInTheWay) {
  const TemporaryFolder folder;
  replace_file(folder / "a", {});
  EXPECT_EQ(error_of([&] { make_folders(folder / "a"); }).kind(), ErrorKind::already_exists);
  EXPECT_EQ(error_of([&] { make_folders(folder / "a/b"); }).kind(), ErrorKind::already_exists);
}

TEST(MakeFolders, ManyAtOnceAllSucceed) {
  const TemporaryFolder folder;
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        make_folders(folder / "a/b/c/d");
        ++done;
      });
    }
  }
  EXPECT_EQ(done, 8);
}

TEST(RenameFile, ReplacesAndSyncsBothFolders) {
  const TemporaryFolder folder;
  make_folders(folder / "x");
  replace_file(folder / "a", as_bytes("a"));
  replace_file(folder / "b", as_bytes("b"));
  SyscallSpy spy;
  rename_file(folder / "a", folder / "b");
  EXPECT_THAT(spy.calls(), ElementsAre("fsync folder"));
  rename_file(folder / "b", folder / "x/c");
  EXPECT_THAT(spy.calls(), ElementsAre("fsync folder", "fsync folder", "fsync folder"));
  EXPECT_EQ(text_of(folder / "x/c"), "a");
  EXPECT_EQ(error_of([&] { rename_file(folder / "missing", folder / "y"); }).kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace owl::os
