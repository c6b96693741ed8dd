#include "cluster/start.h"

#include <gtest/gtest.h>

#include "os/file.h"
#include "os/test_support.h"

namespace owl::cluster {
namespace {

TEST(SharedMemoryType, IsPosixOnlyWhereEveryAccountMayMakeFiles) {
  const os::test::TemporaryFolder folder;
  EXPECT_EQ(shared_memory_type(folder / "not there"), "mmap");
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  EXPECT_EQ(shared_memory_type(folder.path()), "mmap");
  std::filesystem::permissions(folder.path(), std::filesystem::perms(01777));
  EXPECT_EQ(shared_memory_type(folder.path()), "posix");
}

}  // namespace
}  // namespace owl::cluster
