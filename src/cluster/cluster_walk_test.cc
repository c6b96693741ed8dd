#include "cluster/cluster_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "os/file.h"
#include "os/test_support.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class ClusterWalk : public testing::Test {
 protected:
  ClusterWalk() {
    write("global/pg_control", 8192);
    write("PG_VERSION", 3);
  }
  void write(const std::string& path, std::size_t size) { write_at(root_ / path, size); }
  static void write_at(const fs::path& path, std::size_t size) {
    os::make_folders(path.parent_path());
    os::replace_file(path, Bytes(size, 1));
  }
  std::vector<ListedFile> list(std::vector<ListedFile> config_files = {}) {
    ListOptions options{root_, "PG_15_202209061"};
    options.config_files = std::move(config_files);
    const auto listing = list_cluster(options);
    ListingReader files(listing);
    std::vector<ListedFile> out;
    for (std::size_t i = 0; i < listing.size(); ++i) out.push_back(files[i]);
    return out;
  }
  std::vector<std::string> paths() {
    std::vector<std::string> out;
    for (const auto& file : list()) out.push_back(file.path);
    return out;
  }
  ListedFile file(std::string_view path) {
    for (auto& file : list()) {
      if (file.path == path) return file;
    }
    ADD_FAILURE() << path << " is not listed";
    return {};
  }

  os::test::TemporaryFolder folder_;
  const fs::path root_ = folder_ / "pg";
};

TEST_F(ClusterWalk, ComesSortedWithPgControlLast) {
  write("postgresql.conf", 10);
  write("base/5/1259", 8192);
  write("base/5/1259_fsm", 8192);
  write("pg_xact/0000", 100);
  EXPECT_THAT(paths(), ElementsAre("PG_VERSION", "base", "base/5", "base/5/1259", "base/5/1259_fsm", "global",
                                   "pg_xact", "pg_xact/0000", "postgresql.conf", "global/pg_control"));
}

/// As bytes, of whole paths: a slash comes behind a dot, a dash and a comma.
TEST_F(ClusterWalk, ComesInTheOrderOfWholePaths) {
  for (const auto* path :
       {"log/a", "log/sub/x", "log/sub.1/x", "log/sub-/x", "log,1", "log-2/y", "log.3", "log0", "log"}) {
    if (std::string_view(path) != "log") write(path, 1);
  }
  const auto found = paths();
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end() - 1));
  EXPECT_THAT(found, ElementsAre("PG_VERSION", "global", "log", "log,1", "log-2", "log-2/y", "log.3", "log/a",
                                 "log/sub", "log/sub-", "log/sub-/x", "log/sub.1", "log/sub.1/x", "log/sub/x", "log0",
                                 "global/pg_control"));
}

TEST_F(ClusterWalk, ConfigurationFromOutsideIsEnteredAtItsPlaceAndOnce) {
  const auto config = [](const char* path, std::uint64_t size) {
    return ListedFile{std::string(config_prefix) + path, false, false, 0600, size};
  };
  write(std::string(config_prefix) + "/etc/b", 1);  // of the cluster that this one was restored from
  write(std::string(config_prefix) + "/etc/c", 1);
  write("pg_xact/0000", 1);
  const auto files = list({config("/etc/b", 77), config("/etc/a", 76), config("/etc/b", 77)});
  std::vector<std::string> found;
  for (const auto& file : files) found.push_back(file.path);
  EXPECT_THAT(found, ElementsAre("PG_VERSION", "global", "owlbackup_config", "owlbackup_config/etc",
                                 "owlbackup_config/etc/a", "owlbackup_config/etc/b", "owlbackup_config/etc/c",
                                 "pg_xact", "pg_xact/0000", "global/pg_control"));
  EXPECT_EQ(files[5].size, 77u) << "the one that the server uses";
}

TEST_F(ClusterWalk, TellsWhatARestoreNeedsToKnow) {
  write("base/5/1259.2", 3 * 8192 + 100);
  ::chmod((root_ / "base/5/1259.2").c_str(), 0640);
  const auto relation = file("base/5/1259.2");
  EXPECT_TRUE(relation.is_relation);
  EXPECT_FALSE(relation.is_folder);
  EXPECT_EQ(relation.size, 3u * 8192) << "a page that is just being added is left to WAL";
  EXPECT_EQ(relation.mode, 0640u);
  EXPECT_EQ(relation.first_block, 2u * 131072) << "block numbers go on over segments: checksums hang on them";
  EXPECT_EQ(source_of(relation, root_), root_ / "base/5/1259.2");
  EXPECT_EQ(relation.modified, os::status_of(root_ / "base/5/1259.2")->modified);
  EXPECT_TRUE(file("base/5").is_folder);
  EXPECT_EQ(file("PG_VERSION").size, 3u);
  EXPECT_FALSE(file("PG_VERSION").is_relation);
}

TEST_F(ClusterWalk, ConfigurationFromOutsideIsOpenedByItsOwnPath) {
  ListedFile config;
  config.path = config_prefix;
  config.path += "/etc/postgresql/15/main/pg_hba.conf";
  EXPECT_EQ(source_of(config, root_), "/etc/postgresql/15/main/pg_hba.conf");
}

TEST_F(ClusterWalk, OfUnloggedRelationsOnlyTheInitForkIsTaken) {
  for (const auto* name : {"base/5/16384", "base/5/16384.1", "base/5/16384_fsm", "base/5/16384_vm", "base/5/16384_init",
                           "base/5/163840", "base/6/16384"}) {
    write(name, 8192);
  }
  const auto found = paths();
  for (const auto* left_out : {"base/5/16384", "base/5/16384.1", "base/5/16384_fsm", "base/5/16384_vm"}) {
    EXPECT_THAT(found, Not(Contains(left_out)));
  }
  for (const auto* taken : {"base/5/16384_init", "base/5/163840", "base/6/16384"}) EXPECT_THAT(found, Contains(taken));
}

TEST_F(ClusterWalk, TemporaryFilesAndWhatOnlyAServerNeedsAreLeftOut) {
  for (const auto* name :
       {"base/5/t3_16384", "base/pgsql_tmp/pgsql_tmp1.0", "pg_wal/000000010000000000000001", "postmaster.pid",
        "pg_replslot/slot/state", "pg_wal/archive_status/000000010000000000000001.done", "base/5/pg_internal.init"}) {
    write(name, 8192);
  }
  EXPECT_THAT(paths(), ElementsAre("PG_VERSION", "base", "base/5", "global", "pg_replslot", "pg_wal",
                                   "pg_wal/archive_status", "global/pg_control"));
}

TEST_F(ClusterWalk, TablespacesAreWalkedThroughTheirLinks) {
  const auto place = folder_ / "elsewhere";
  write_at(place / "PG_15_202209061/5/16400", 8192);
  write_at(place / "PG_15_202209061/5/t3_16401", 8192);
  write_at(place / "PG_14_202107181/5/16400", 8192);  // before pg_upgrade
  os::make_folders(root_ / "pg_tblspc");
  fs::create_directory_symlink(place, root_ / "pg_tblspc/16390");
  EXPECT_THAT(paths(), ElementsAre("PG_VERSION", "global", "pg_tblspc", "pg_tblspc/16390",
                                   "pg_tblspc/16390/PG_15_202209061", "pg_tblspc/16390/PG_15_202209061/5",
                                   "pg_tblspc/16390/PG_15_202209061/5/16400", "global/pg_control"));
  const auto relation = file("pg_tblspc/16390/PG_15_202209061/5/16400");
  EXPECT_TRUE(relation.is_relation);
  EXPECT_TRUE(os::status_of(source_of(relation, root_)));
  EXPECT_TRUE(file("pg_tblspc/16390").is_folder) << "the link itself is the restore's to make";
}

TEST_F(ClusterWalk, ATablespaceInPlaceIsAFolder) {
  write("pg_tblspc/16390/PG_15_202209061/5/16400", 8192);
  EXPECT_THAT(paths(), Contains("pg_tblspc/16390/PG_15_202209061/5/16400"));
}

TEST_F(ClusterWalk, ATablespaceWhoseLinkLeadsNowhereIsLeftOut) {
  os::make_folders(root_ / "pg_tblspc");
  fs::create_directory_symlink(folder_ / "gone", root_ / "pg_tblspc/16390");
  EXPECT_THAT(paths(), ElementsAre("PG_VERSION", "global", "pg_tblspc", "global/pg_control"));
}

TEST_F(ClusterWalk, APgWalThatIsALinkBecomesAFolder) {
  write_at(folder_ / "wal/000000010000000000000001", 8192);
  write_at(folder_ / "wal/archive_status/000000010000000000000001.done", 0);
  fs::create_directory_symlink(folder_ / "wal", root_ / "pg_wal");
  EXPECT_THAT(paths(), ElementsAre("PG_VERSION", "global", "pg_wal", "pg_wal/archive_status", "global/pg_control"));
  EXPECT_TRUE(file("pg_wal").is_folder);
}

TEST_F(ClusterWalk, LinksAndSocketsDeepInsideAreNotFollowed) {
  write_at(folder_ / "secret", 100);
  os::make_folders(root_ / "base/5");
  fs::create_symlink(folder_ / "secret", root_ / "base/5/16384");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (root_ / ".s.PGSQL.5432").c_str(), sizeof address.sun_path - 1);
  const os::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_THAT(paths(), ElementsAre("PG_VERSION", "base", "base/5", "global", "global/pg_control"));
}

TEST_F(ClusterWalk, WhatIsNotThereIsNoError) {
  EXPECT_TRUE(list_cluster({folder_ / "nowhere", "PG_15_202209061"}).empty());
}

/// Databases are dropped while the list is made: many listings against a thread that makes and removes folders.
TEST_F(ClusterWalk, WhatVanishesMeanwhileIsLeftOut) {
  std::atomic<bool> done{false};
  std::thread dropping([&] {
    while (!done) {
      for (int i = 0; i < 20; ++i) write_at(root_ / "base/77" / std::to_string(16384 + i), 0);
      std::error_code ignored;
      fs::remove_all(root_ / "base/77", ignored);
    }
  });
  for (int i = 0; i < 200; ++i) EXPECT_THAT(paths(), Contains("global/pg_control"));
  done = true;
  dropping.join();
}

}  // namespace
}  // namespace owl::cluster
