#include "storage/folder_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "storage/test_support.h"

namespace owl::storage {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class FolderStoreTest : public testing::Test {
 protected:
  FolderStoreTest() {
    auto pattern = (fs::temp_directory_path() / "owl-folder-XXXXXX").native();
    root_ = mkdtemp(pattern.data());
  }
  ~FolderStoreTest() override { fs::remove_all(root_); }

  void write(const std::string& path, std::string_view text = "x") {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::vector<std::string> keys(const std::string& prefix = {}, const std::string& start_after = {}) {
    std::vector<std::string> all;
    const auto add = [&](const ObjectInfo& info) {
      all.push_back(info.key);
      return true;
    };
    store().list(prefix, start_after, add, {});
    return all;
  }
  FolderStore store() const { return {"primary", root_}; }

  fs::path root_;
};

TEST_F(FolderStoreTest, AKeyIsAPath) {
  auto store = this->store();
  EXPECT_EQ(store.put_once("a/b/c", as_bytes("bytes")), PutOutcome::stored);
  std::string text;
  std::ifstream(root_ / "a/b/c") >> text;
  EXPECT_EQ(text, "bytes");
}

TEST_F(FolderStoreTest, TheOrderIsThatOfWholeKeys) {
  for (const auto* path : {"a/c", "a-b", "a.b", "a0", "a/c/d~", "a_", "B/x"}) {
    if (std::string_view(path) != "a/c") write(path);
  }
  EXPECT_THAT(keys(), ElementsAre("B/x", "a-b", "a.b", "a/c/d~", "a0", "a_"));
}

TEST_F(FolderStoreTest, APrefixMayEndWithinAName) {
  for (const auto* path : {"packs/d/202610/a", "packs/d/202611/b", "packs/m/202611/c", "pack"}) write(path);
  EXPECT_THAT(keys("packs/d/2026"), ElementsAre("packs/d/202610/a", "packs/d/202611/b"));
  EXPECT_THAT(keys("pack"), ElementsAre("pack", "packs/d/202610/a", "packs/d/202611/b", "packs/m/202611/c"));
  EXPECT_THAT(keys("packs/x/"), IsEmpty());
  EXPECT_THAT(keys("pack/"), IsEmpty());
  EXPECT_THAT(keys("../"), IsEmpty());
}

TEST_F(FolderStoreTest, StartAfterSkipsWholeFolders) {
  for (const auto* path : {"a/1", "a/2", "b-c", "b/1", "b/2", "c"}) write(path);
  EXPECT_THAT(keys("", "a/2"), ElementsAre("b-c", "b/1", "b/2", "c"));
  EXPECT_THAT(keys("", "a/1x"), ElementsAre("a/2", "b-c", "b/1", "b/2", "c"));
  EXPECT_THAT(keys("", "b"), ElementsAre("b-c", "b/1", "b/2", "c"));
  EXPECT_THAT(keys("b/", "b/1"), ElementsAre("b/2"));
  EXPECT_THAT(keys("", "zzz"), IsEmpty());
}

TEST_F(FolderStoreTest, WhatIsNoObjectIsNotSeen) {
  write("a/.owl-tmp-0123456789abcdef");
  write("a/good");
  write("a/with space");
  write("lost+found/x");
  fs::create_symlink(root_ / "a/good", root_ / "a/link");
  fs::create_directories(root_ / "empty/inside");
  EXPECT_THAT(keys(), ElementsAre("a/good"));
  EXPECT_THAT(store().list_folders("", {}), ElementsAre("a"));
  EXPECT_FALSE(store().get("a/link", {}));
  EXPECT_FALSE(store().stat("a", {}));
  EXPECT_FALSE(store().get("a/good/deeper", {}));
}

TEST_F(FolderStoreTest, KeysThatOnlyS3CanHoldAreRefused) {
  auto store = this->store();
  const auto temporary = error_of([&] { store.put_once("a/.owl-tmp-1", as_bytes("x")); });
  EXPECT_STREQ(temporary.what(), "\"a/.owl-tmp-1\" is no key that a folder can hold");
  EXPECT_EQ(error_of([&] { store.put_once(std::string(256, 'k'), as_bytes("x")); }).kind(), ErrorKind::usage);
  store.put_once("a", as_bytes("x"));
  EXPECT_EQ(error_of([&] { store.put_once("a/b", as_bytes("x")); }).kind(), ErrorKind::already_exists);
}

TEST_F(FolderStoreTest, EmptyFoldersGoWithTheirLastObject) {
  auto store = this->store();
  store.put_once("wal/1/a", as_bytes("x"));
  store.put_once("wal/2/b", as_bytes("x"));
  store.remove("wal/1/a", {});
  EXPECT_FALSE(fs::exists(root_ / "wal/1"));
  EXPECT_TRUE(fs::exists(root_ / "wal/2"));
  store.remove("wal/2/b", {});
  EXPECT_FALSE(fs::exists(root_ / "wal"));
  EXPECT_TRUE(fs::exists(root_));
}

TEST_F(FolderStoreTest, PutsAndRemovesInOneFolderDontDisturbEachOther) {
  std::jthread remover([this](std::stop_token stop) {
    auto store = this->store();
    while (!stop.stop_requested()) store.remove("folder/gone", {}), store.put_once("folder/gone", as_bytes("x"));
  });
  auto store = this->store();
  for (int i = 0; i < 200; ++i) {
    const auto key = "folder/" + std::to_string(i);
    ASSERT_EQ(store.put_once(key, as_bytes("x")), PutOutcome::stored);
    ASSERT_TRUE(store.stat(key, {}));
    store.remove(key, {});
  }
}

TEST_F(FolderStoreTest, TheRootIsMadeAsNeeded) {
  FolderStore store("primary", root_ / "new/deep");
  EXPECT_THAT(list_all(store, ""), IsEmpty());
  EXPECT_EQ(store.traits().visibility.count(), 0);
  EXPECT_EQ(store.put_once("k", as_bytes("x")), PutOutcome::stored);
}

TEST_F(FolderStoreTest, AFolderThatMayNotBeWrittenIsDenied) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  fs::permissions(root_, fs::perms(0755));
  auto store = this->store();
  const int before = ::setfsuid(65534);
  const auto error = error_of([&] { store.put_once("k", as_bytes("x")); });
  ::setfsuid(static_cast<uid_t>(before));
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_EQ(std::string(error.what()), "cannot store k in primary (file://" + root_.native() + "): cannot create " +
                                           (root_ / "k").native() + ": Permission denied");
  EXPECT_EQ(error.hint(), "Give the account that runs this (uid " + std::to_string(::geteuid()) +
                              ") the right to read and write in " + root_.native() + ".");
}

/// A file system of our own on the root, where the machine lets us mount one.
class MountedFolder {
 public:
  MountedFolder(const fs::path& at, unsigned long flags, const char* options)
      : at_(at), mounted_(::mount("tmpfs", at.c_str(), "tmpfs", flags, options) == 0) {}
  ~MountedFolder() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  MountedFolder(const MountedFolder&) = delete;
  MountedFolder& operator=(const MountedFolder&) = delete;
  explicit operator bool() const { return mounted_; }

 private:
  fs::path at_;
  bool mounted_;
};

TEST_F(FolderStoreTest, AFullFileSystemIsSaidToBeFull) {
  const MountedFolder small(root_, 0, "size=1m");
  if (!small) GTEST_SKIP() << "needs the right to mount";
  auto store = this->store();
  const Bytes two_mib(2 << 20, 1);
  const auto error = error_of([&] { store.put_once("packs/k", two_mib); });
  EXPECT_EQ(error.kind(), ErrorKind::disk_full);
  EXPECT_EQ(std::string(error.what()), "cannot store packs/k in primary (file://" + root_.native() +
                                           "): cannot write " + (root_ / "packs/k").native() +
                                           ": No space left on device");
  EXPECT_EQ(error.hint(), "Free space on the file system of " + root_.native() + ", or let older backups expire.");
  EXPECT_THAT(keys(), IsEmpty());
  EXPECT_EQ(store.put_once("packs/k", as_bytes("fits")), PutOutcome::stored);
}

TEST_F(FolderStoreTest, AReadOnlyFileSystemIsDenied) {
  const MountedFolder read_only(root_, MS_RDONLY, "");
  if (!read_only) GTEST_SKIP() << "needs the right to mount";
  auto store = this->store();
  const auto error = error_of([&] { store.put_once("k", as_bytes("x")); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_EQ(error.hint(), "Its file system is mounted read-only: remount it, or choose another folder.");
}

TEST_F(FolderStoreTest, WhatTheCallerThrowsWhileListingIsNotOurs) {
  write("a");
  const auto error = error_of(
      [&] { store().list("", "", [](const ObjectInfo&) -> bool { throw Error(ErrorKind::denied, "mine"); }, {}); });
  EXPECT_STREQ(error.what(), "mine");
}

}  // namespace
}  // namespace owl::storage
