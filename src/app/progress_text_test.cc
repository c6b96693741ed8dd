#include "app/progress_text.h"

#include <gtest/gtest.h>

#include "base/units.h"

namespace owl::app {
namespace {

TEST(ProgressText, SaysAsMuchAsIsKnown) {
  EXPECT_EQ(progress_text("listing files", 0, 0, "files", 9), "listing files");
  EXPECT_EQ(progress_text("reading", 0, 4 * GiB, "bytes", 9), "reading 0 B of 4.0 GiB, 0 %");
  EXPECT_EQ(progress_text("reading", 512 * MiB, 0, "bytes", 0.1), "reading 512.0 MiB");
  EXPECT_EQ(progress_text("reading", 512 * MiB, 0, "bytes", 2), "reading 512.0 MiB, 256.0 MiB/s");
  EXPECT_EQ(progress_text("reading", 1 * GiB, 4 * GiB, "bytes", 4),
            "reading 1.0 GiB of 4.0 GiB, 25 %, 256.0 MiB/s, 12.0 s left");
  EXPECT_EQ(progress_text("restoring WAL", 3, 12, "segments", 6), "restoring WAL 3 of 12, 25 % segments, 18.0 s left");
}

TEST(ProgressText, NeverPromisesMoreThanAll) {
  EXPECT_EQ(progress_text("reading", 5 * GiB, 4 * GiB, "bytes", 4), "reading 5.0 GiB of 4.0 GiB, 100 %, 1.2 GiB/s");
}

TEST(ProgressText, EstimatesNothingThatNobodyWaitsFor) {
  EXPECT_EQ(progress_text("reading", 1, 1'000'000'000'000'000, "files", 10),
            "reading 1 of 1000000000000000, 0 % files");
}

TEST(TableText, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(table_text({"ID", "NAME", "SIZE"}, {{"1a2b3c4d", "main", "5 B"}, {"1", "a longer name", ""}}),
            "ID        NAME           SIZE\n"
            "1a2b3c4d  main           5 B\n"
            "1         a longer name\n");
  EXPECT_EQ(table_text({"ID", "NAME"}, {}), "ID  NAME\n");
}

}  // namespace
}  // namespace owl::app
