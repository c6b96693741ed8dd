#include "storage/durable_folders.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace owl::storage {
namespace {

namespace fs = std::filesystem;

class DurableFoldersTest : public testing::Test {
 protected:
  DurableFoldersTest() {
    auto pattern = (fs::temp_directory_path() / "owl-folders-XXXXXX").native();
    root_ = mkdtemp(pattern.data());
    fs::create_directories(root_ / "a/b/c");
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // folders are not remembered in their first second
  }
  ~DurableFoldersTest() override { fs::remove_all(root_); }

  fs::path root_;
  DurableFolders folders_;
};

TEST_F(DurableFoldersTest, EachIsSyncedOnce) {
  folders_.ensure(root_ / "a/b/c", root_);
  EXPECT_EQ(folders_.syncs(), 3u);
  folders_.ensure(root_ / "a/b/c", root_);
  folders_.ensure(root_ / "a/b", root_);
  EXPECT_EQ(folders_.syncs(), 3u);
  folders_.ensure(root_, root_);
  EXPECT_EQ(folders_.syncs(), 3u);
}

TEST_F(DurableFoldersTest, OneThatWasMadeAnewIsAnother) {
  folders_.ensure(root_ / "a/b/c", root_);
  for (int i = 0; i < 20; ++i) {
    fs::remove(root_ / "a/b/c");
    fs::create_directory(root_ / "a/b/c");  // often under the same inode number
    folders_.ensure(root_ / "a/b/c", root_);
    ASSERT_EQ(folders_.syncs(), 4u + static_cast<unsigned>(i));
  }
}

}  // namespace
}  // namespace owl::storage
