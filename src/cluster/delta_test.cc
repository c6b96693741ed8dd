// A restore onto what is left of a cluster: afterwards it is what a restore into an empty folder makes, and only what
// differed was written.

#include "cluster/delta.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "cluster/delta_folder.h"
#include "cluster/recovery_bench.h"
#include "cluster/restore.h"
#include "cluster/restore_marker.h"
#include "cluster/tree_bench.h"
#include "postgres/control_file.h"
#include "postgres/test_samples.h"
#include "postgres/wal_builder.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;
using storage::error_of;
using testing::HasSubstr;
using wal::test::segment_name;
using wal::test::segment_size;

class DeltaTest : public testing::Test, protected test::TreeBench {
 protected:
  DeltaTest() {
    write("global/pg_control", postgres::control_file_sample(15));
    write("PG_VERSION", as_bytes("15\n"));
    write("postgresql.auto.conf", as_bytes("port = 5433\n"));
    write("base/5/16384", pages(300));
    write("base/5/16385", with_zeros());
    write("base/5/16386", pages(2));
    write("base/5/16386_fsm", pattern(24576, 8));
    write("base/5/16387", {});
    for (int i = 0; i < 20; ++i) write("pg_xact/" + std::to_string(1000 + i), pattern(700, i));
    os::make_folders(source / "pg_wal/archive_status");
    os::make_folders(source / "pg_notify");
    os::make_folders(source / "pg_tblspc");
    write_at(folder / "place/PG_15_202209061/5/16390", pages(40));
    fs::create_directory_symlink(folder / "place", source / "pg_tblspc/16389");
    for (const std::uint64_t number : {3u, 4u})
      archived_.put(*archived_.a, segment_name(1, number), Bytes(segment_size, 1));
    plan_.base.loaded = TreeBench::back_up();
    auto& details = plan_.base.details;
    details.version = 150018;
    details.catalog_version = 202209061;
    details.block_size = 8192;
    details.timeline = 1;
    details.system_id = value_or_throw(postgres::parse_control_file(postgres::control_file_sample(15))).system_id;
    details.wal_segment_size = segment_size;
    details.start = {3 * segment_size + 0x28};
    details.stop = {4 * segment_size + 8192};
    details.label_file = "START WAL LOCATION: 0/300028 (file 000000010000000000000003)\n";
    details.tablespaces = {{.oid = 16389, .location = (folder / "place").string()}};
    details.architecture = "x86_64 little-endian";
    options_.to = target;
    options_.tablespace_map["16389"] = place_;
    options_.commands.restore = "owl-wal fetch %f %p";
    options_.is_archived = [](const std::string&) { return true; };
  }

  static Bytes pages(std::size_t count) {
    Bytes bytes = pattern(count * 8192, static_cast<int>(count));
    return bytes;
  }
  static Bytes with_zeros() {
    auto bytes = pages(400);
    std::fill(bytes.begin() + (1 << 20), bytes.begin() + (2 << 20), std::uint8_t{0});
    return bytes;
  }
  RestoreSize restore(bool delta) {
    options_.delta = delta;
    auto fetcher = archived_.fetcher(plan_.path);
    return restore_cluster(options_, plan_, reader, fetcher, bench.monitor, {});
  }
  /// Of every file and folder below both roots, its bytes and mode; links by where they lead.
  std::map<std::string, std::string> picture() const {
    std::map<std::string, std::string> out;
    for (const auto& root : {target, place_}) {
      for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const auto name = root.filename().string() + "/" + fs::relative(entry.path(), root).string();
        const auto status = os::status_of(entry.path());
        auto& text = out[name];
        text = std::to_string(status->mode) + " ";
        if (entry.is_symlink()) text += os::read_symlink(entry.path());
        if (entry.is_regular_file() && !entry.is_symlink()) text += std::string(as_text(os::read_file(entry.path())));
      }
    }
    return out;
  }
  void overwrite(const fs::path& path, std::uint64_t offset, ByteView bytes) const {
    os::write_at(os::open_file(path, O_WRONLY), bytes, offset, path.native());
  }

  wal::test::ArchiveBench archived_;
  RecoveryPlan plan_;
  RestoreOptions options_;
  const fs::path place_ = folder / "restored-place";
};

TEST_F(DeltaTest, OfWhatIsAllRightFetchesAndWritesNothing) {
  restore(false);
  const auto before = picture();
  const auto time = os::status_of(target / "base/5/16384")->modified;
  const auto size = restore(true);
  EXPECT_EQ(picture(), before);
  EXPECT_EQ(size.fetch_bytes, 0u);
  EXPECT_EQ(size.kept_bytes, size.plain_bytes);
  EXPECT_EQ(os::status_of(target / "base/5/16384")->modified, time);
}

TEST_F(DeltaTest, MendsWhateverBecameOfTheDirectory) {
  restore(false);
  const auto whole = picture();
  const auto base = target / "base/5";
  overwrite(base / "16384", 17 * 8192 + 4000, as_bytes("x"));        // one page
  overwrite(base / "16385", (1 << 20) + 70'000, as_bytes("stale"));  // where the backup has zeros
  fs::resize_file(base / "16386", 5 * 8192);                         // it grew
  fs::resize_file(place_ / "PG_15_202209061/5/16390", 3 * 8192);     // it was cut
  overwrite(base / "16386_fsm", 100, as_bytes("x"));                 // not a page file
  fs::remove(base / "16387");
  fs::remove_all(target / "pg_notify");
  fs::remove_all(target / "pg_xact");
  write_at(target / "pg_xact", as_bytes("a file where a folder was"));
  fs::create_directories(base / "16384.1");  // and a folder that nothing has
  write_at(base / "99999", pattern(9000, 1));
  write_at(place_ / "PG_15_202209061/6/16391", pattern(9000, 1));
  write_at(target / "standby.signal", {});
  write_at(target / "postmaster.pid", as_bytes("1\n"));
  fs::permissions(base / "16384", fs::perms::owner_read);
  write_at(target / "pg_wal/000000010000000000000009", Bytes(segment_size, 7));
  fs::remove(target / "pg_tblspc/16389");
  fs::create_directory_symlink("/nowhere", target / "pg_tblspc/16389");
  fs::create_directory_symlink("/etc", target / "pg_tblspc/16400");

  const auto size = restore(true);
  const auto now = picture();
  for (const auto& [name, content] : whole) EXPECT_TRUE(now.contains(name) && now.at(name) == content) << name;
  for (const auto& [name, content] : now) EXPECT_TRUE(whole.contains(name)) << name;
  EXPECT_TRUE(fs::exists("/etc/passwd")) << "links are not followed";
  EXPECT_LT(size.plain_bytes - size.kept_bytes, 400'000u) << "pages that were right are not written";
}

/// Everything but the right pages, in random places: the result never depends on what was there.
TEST_F(DeltaTest, IsRightAfterRandomDamage) {
  restore(false);
  const auto whole = picture();
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::vector<fs::path> files;
  for (const auto& root : {target / "base", place_}) {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 5; ++i) {
      const auto& path = files[random() % files.size()];
      if (!fs::exists(path)) continue;
      const auto size = fs::file_size(path);
      switch (random() % 4) {
        case 0:
          fs::resize_file(path, random() % (size + 20'000));
          break;
        case 1:
          fs::remove(path);
          break;
        default:
          overwrite(path, random() % (size + 1), pattern(1 + random() % 30'000, static_cast<int>(random() % 1000)));
      }
    }
    restore(true);
    EXPECT_EQ(picture() == whole, true) << "round " << round;
  }
}

TEST_F(DeltaTest, LeavesOtherVersionsOfPostgresqlInATablespaceAlone) {
  restore(false);
  write_at(place_ / "PG_14_202107181/5/1", as_bytes("a cluster of 14 lives here"));
  restore(true);
  EXPECT_TRUE(fs::exists(place_ / "PG_14_202107181/5/1"));
}

TEST_F(DeltaTest, WalThatNothingElseHasIsMovedAside) {
  restore(false);
  postgres::WalBuilder wal({.first_segment = 5});
  wal.add_sized(1000);
  const auto newest = wal.segments().at(0);
  write_at(target / "pg_wal" / segment_name(1, 5), newest);
  write_at(target / "pg_wal" / segment_name(1, 6), newest);  // made ready for later use: another segment's bytes
  write_at(target / "pg_wal/00000002.history", as_bytes("1\t0/500000\tno recovery target specified\n"));
  options_.is_archived = [](const std::string& name) { return name == "00000002.history"; };
  const auto size = restore(true);
  ASSERT_TRUE(size.wal_aside);
  EXPECT_EQ(os::list_folder(*size.wal_aside)->size(), 1u);
  EXPECT_EQ(os::read_file(*size.wal_aside / segment_name(1, 5)), newest);
  EXPECT_FALSE(fs::exists(target / "pg_wal" / segment_name(1, 5)));
  EXPECT_FALSE(fs::exists(target / "pg_wal" / segment_name(1, 6)));

  // It stays there, whatever restore follows.
  write_at(target / "pg_wal" / segment_name(1, 5), newest);
  restore(true);
  EXPECT_EQ(os::list_folder(*size.wal_aside)->size(), 2u);
  write_marker(target, plan_.base.loaded.path);
  options_.delta = false;
  EXPECT_THAT(error_of([&] { check_target(options_, plan_); }).message(), HasSubstr("holds WAL that no store has"));
}

TEST_F(DeltaTest, CanBeRunAgainWhereverItWasInterrupted) {
  restore(false);
  const auto whole = picture();
  overwrite(target / "base/5/16384", 0, pattern(8192 * 20, 9));
  for (const auto* step : {"unmarked", "disarmed", "cleaned"}) {
    write_marker(target, plan_.base.loaded.path);
    if (std::string_view(step) != "unmarked") disarm(target);
    if (std::string_view(step) == "cleaned") fs::remove_all(target / "base");
    options_.delta = true;
    EXPECT_NO_THROW(check_target(options_, plan_)) << step;
    restore(true);
    EXPECT_EQ(picture() == whole, true) << step;
  }
}

TEST_F(DeltaTest, OnlyADirectoryOfThisClusterIsTouched) {
  options_.delta = true;
  write_at(target / "photos/cat.jpg", as_bytes("meow"));
  EXPECT_THAT(error_of([&] { check_target(options_, plan_); }).message(),
              HasSubstr("is not empty and no data directory of PostgreSQL 15"));
  write_at(target / "PG_VERSION", as_bytes("14\n"));
  EXPECT_THAT(error_of([&] { check_target(options_, plan_); }).message(),
              HasSubstr("no data directory of PostgreSQL 15"));
  write_at(target / "PG_VERSION", as_bytes("15\n"));
  EXPECT_NO_THROW(check_target(options_, plan_)) << "damaged: it has no pg_control";
  write_at(target / "global/pg_control", postgres::control_file_sample(15));
  EXPECT_NO_THROW(check_target(options_, plan_));
  plan_.base.details.system_id = 42;
  EXPECT_THAT(error_of([&] { check_target(options_, plan_); }).message(),
              HasSubstr("holds another cluster (system id "));
}

TEST_F(DeltaTest, ATablespaceThatIsNotTheDirectorysOwnIsRefused) {
  restore(false);
  options_.delta = true;
  EXPECT_NO_THROW(check_target(options_, plan_));
  options_.tablespace_map["16389"] = folder / "place";  // the source's
  EXPECT_THAT(error_of([&] { check_target(options_, plan_); }).message(), HasSubstr("which is not empty"));
}

TEST_F(DeltaTest, APlanTellsWhatDiffersAndChangesNothing) {
  restore(false);
  overwrite(target / "base/5/16384", 8192, pattern(8192, 9));
  const auto before = picture();
  options_.delta = true;
  const auto size = measure_restore(options_, plan_, reader);
  EXPECT_EQ(picture(), before);
  EXPECT_EQ(size.plain_bytes - size.kept_bytes, 8192u);
  EXPECT_GT(size.fetch_bytes, 0u);
  EXPECT_LT(size.fetch_bytes, 1'200'000u) << "the one blob with that page";
}

}  // namespace
}  // namespace owl::cluster
