// The store did what it was asked for, and nobody heard it say so: the create-once puts on which everything rests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/s3_site.h"

namespace owl::test {
namespace {

TEST(AmbiguousPut, TheManifestIsCommittedOnce) {
  auto& s3 = S3Site::shared();
  const auto backups = s3.count_backups();
  s3.change_something();
  {
    const Faults faults({{.method = "PUT", .part = "/faults/backups/", .fault = Fault::cut_after, .times = 1}});
    const auto backup = s3.site().owl({"backup", "cluster"});
    EXPECT_EQ(backup.exit_code, 0) << backup;
    EXPECT_EQ(Faults::happened(), 1);
  }
  EXPECT_EQ(s3.count_backups(), backups + 1);
  s3.expect_sound();
}

TEST(AmbiguousPut, AManifestThatNobodyEverAcknowledgesIsAFailureAndYetNoDamage) {
  auto& s3 = S3Site::shared();
  const auto backups = s3.count_backups();
  {
    const Faults faults({{.method = "PUT", .part = "/faults/backups/", .fault = Fault::cut_after}});
    const auto backup = s3.site().owl({"backup", "cluster"});
    EXPECT_EQ(backup.exit_code, 4) << backup;
    EXPECT_THAT(backup.err, testing::ContainsRegex("owlbackup: .*cannot .* backups/[^ ]* in primary .*: the connection "
                                                   "to http://127.0.0.1:[0-9]+ was cut off"));
  }
  // It does stand there, and it is whole: all that it needs was stored before it.
  EXPECT_EQ(s3.count_backups(), backups + 1);
  s3.expect_sound();
}

TEST(AmbiguousPut, AWalFileIsArchivedOnce) {
  auto& s3 = S3Site::shared();
  s3.change_something();
  {
    const Faults faults({{.method = "PUT", .part = "/faults/wal/", .fault = Fault::cut_after, .times = 1}});
    s3.site().archive();
    EXPECT_EQ(Faults::happened(), 1);
  }
  EXPECT_EQ(s3.site().psql("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"), "0");
  const auto again = s3.site().owl({"wal", "push", s3.site().server().data_dir() / "pg_wal" / s3.newest_wal()});
  EXPECT_EQ(again.exit_code, 0) << again;
  s3.expect_sound();
}

}  // namespace
}  // namespace owl::test
