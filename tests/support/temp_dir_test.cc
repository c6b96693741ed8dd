#include "support/temp_dir.h"

#include <gtest/gtest.h>

#include <fstream>

namespace owl::test {
namespace {

namespace fs = std::filesystem;

TEST(TempDir, IsEmptyOpenToAllAndGoneAfterwards) {
  fs::path path;
  {
    const TempDir folder;
    path = folder.path();
    EXPECT_TRUE(fs::is_empty(path));
    EXPECT_EQ(fs::status(path).permissions(), fs::perms(0755));
    fs::create_directories(folder / "a/b");
    std::ofstream(folder / "a/b/c") << "text";
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace owl::test
