#include "cluster/restore_marker.h"

#include <gtest/gtest.h>

#include "os/file.h"
#include "os/test_support.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;

TEST(RestoreMarker, SaysWhichBackupIsRestored) {
  const os::test::TemporaryFolder folder;
  EXPECT_FALSE(read_marker(folder.path()));
  write_marker(folder.path(), "backups/cluster/x");
  EXPECT_EQ(read_marker(folder.path()), "backups/cluster/x");
  remove_marker(folder.path());
  EXPECT_FALSE(read_marker(folder.path()));
  remove_marker(folder.path());  // again: nothing to do
}

TEST(RestoreMarker, ClearingLeavesItAloneAndFollowsNoLink) {
  const os::test::TemporaryFolder folder, elsewhere;
  os::replace_file(elsewhere / "precious", as_bytes("x"));
  write_marker(folder.path(), "backups/cluster/x");
  os::make_folders(folder / "base/5");
  os::replace_file(folder / "base/5/1259", as_bytes("x"));
  os::make_folders(folder / "pg_tblspc");
  fs::create_directory_symlink(elsewhere.path(), folder / "pg_tblspc/16390");
  fs::create_directory_symlink(elsewhere.path(), folder / "pg_wal");
  clear_interrupted(folder.path());
  EXPECT_EQ(os::list_folder(folder.path())->size(), 1u);
  EXPECT_TRUE(read_marker(folder.path()));
  EXPECT_TRUE(os::status_of(elsewhere / "precious"));
}

}  // namespace
}  // namespace owl::cluster
