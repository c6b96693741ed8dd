#include "cluster/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/recovery_bench.h"
#include "cluster/restore_marker.h"
#include "cluster/tree_bench.h"
#include "postgres/control_file.h"
#include "postgres/test_samples.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;
using storage::error_of;
using testing::HasSubstr;
using wal::test::segment_name;
using wal::test::segment_size;

constexpr std::string_view label = "START WAL LOCATION: 0/300028 (file 000000010000000000000003)\n";

/// A backup from the middle of segment 3 to the middle of segment 4, and its WAL.
class RestoreTest : public testing::Test, protected test::TreeBench {
 protected:
  RestoreTest() {
    write("global/pg_control", postgres::control_file_sample(15));
    write("PG_VERSION", as_bytes("15\n"));
    write("postgresql.auto.conf", as_bytes("port = 5433\nrestore_command = 'cp /old/%f %p'\n"));
    write("base/5/note", pattern(100'000, 1));
    os::make_folders(source / "pg_wal/archive_status");
    for (const std::uint64_t number : {3u, 4u})
      archived_.put(*archived_.a, segment_name(1, number), Bytes(segment_size, 1));
    plan_.base.loaded = back_up();
    auto& details = plan_.base.details;
    details.version = 150018;
    details.timeline = 1;
    details.wal_segment_size = segment_size;
    details.start = {3 * segment_size + 0x28};
    details.stop = {4 * segment_size + 8192};
    details.label_file = label;
    options_.to = target;
    options_.commands.restore = "owl-wal fetch %f %p";
  }
  RestoreSize restore() {
    auto fetcher = archived_.fetcher(plan_.path);
    return restore_cluster(options_, plan_, reader, fetcher, bench.monitor, {});
  }
  std::string text_of(const std::string& path) { return std::string(as_text(os::read_file(target / path))); }

  wal::test::ArchiveBench archived_;
  RecoveryPlan plan_;
  RestoreOptions options_;
};

TEST_F(RestoreTest, WritesWhatAServerStartsItsRecoveryFrom) {
  const auto size = restore();
  EXPECT_EQ(os::read_file(target / "base/5/note"), pattern(100'000, 1));
  EXPECT_EQ(text_of("backup_label"), label);
  EXPECT_EQ(text_of("recovery.signal"), "");
  EXPECT_EQ(text_of("postgresql.auto.conf"),
            "port = 5433\n"
            "# Written by owlbackup restore; recovery.signal makes them count, once.\n"
            "restore_command = 'owl-wal fetch %f %p'\n"
            "recovery_target_timeline = '1'\n");
  for (const std::uint64_t number : {3u, 4u}) {
    EXPECT_EQ(os::read_file(target / "pg_wal" / segment_name(1, number)), Bytes(segment_size, 1));
    EXPECT_TRUE(os::status_of(target / "pg_wal/archive_status" / (segment_name(1, number) + ".done")))
        << "what was archived once is not archived again";
  }
  EXPECT_THAT(text_of("backup_manifest"),
              HasSubstr("{ \"Timeline\": 1, \"Start-LSN\": \"0/300028\", \"End-LSN\": \"0/402000\" }"));
  EXPECT_EQ(size.plain_bytes, 100'000u + 3 + 46);
  EXPECT_FALSE(read_marker(target)) << "a finished restore leaves no trace";
}

TEST_F(RestoreTest, PgControlNamesACheckpointThatDoesNotExist) {
  restore();
  const auto control = postgres::parse_control_file(os::read_file(target / "global/pg_control"));
  ASSERT_TRUE(control);
  EXPECT_EQ(control->checkpoint.value, 0xDEADu);
}

TEST_F(RestoreTest, IsRunAgainAfterItWasInterrupted) {
  archived_.a->remove(wal::test::key_of(segment_name(1, 4)), {});
  const auto error = error_of([&] { restore(); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_EQ(error.message(), "WAL segment " + segment_name(1, 4) + " is gone from every store");
  EXPECT_TRUE(read_marker(target));
  EXPECT_FALSE(os::status_of(target / "global/pg_control")) << "no server can start on half a restore";
  archived_.put(*archived_.a, segment_name(1, 4), Bytes(segment_size, 1));
  restore();
  EXPECT_TRUE(os::status_of(target / "global/pg_control"));
}

/// A cluster that was promoted as soon as it was consistent leaves its timeline within the backup's own last segment.
TEST_F(RestoreTest, FollowsAForkWithinTheBackupsLastSegment) {
  const postgres::Lsn fork{4 * segment_size + 12'000};
  plan_.path = postgres::TimelinePath(2, {{1, fork, ""}});
  Bytes child(segment_size, 1);
  std::fill(child.begin() + 12'000, child.end(), std::uint8_t{2});
  archived_.put(*archived_.a, segment_name(2, 4), child);
  restore();
  EXPECT_EQ(os::read_file(target / "pg_wal" / segment_name(2, 4)), child);
  const auto parent = os::read_file(target / "pg_wal" / segment_name(1, 4));
  EXPECT_EQ(parent[11'999], 1) << "pg_verifybackup reads the backup's own timeline";
  EXPECT_TRUE(all_zero(ByteView(parent).subspan(12'000))) << "and nothing behind the fork";
  EXPECT_TRUE(os::status_of(target / "pg_wal/archive_status" / (segment_name(2, 4) + ".done")));
}

TEST_F(RestoreTest, MeasuringWritesNothing) {
  const auto size = measure_restore(options_, plan_, reader);
  EXPECT_EQ(size.plain_bytes, 100'000u + 3 + 46);
  EXPECT_GT(size.fetch_bytes, 0u);
  EXPECT_FALSE(os::status_of(target));
}

}  // namespace
}  // namespace owl::cluster
