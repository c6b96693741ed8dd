#include "wal/archive_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/wal_script.h"
#include "wal/test_support.h"

namespace owl::wal {
namespace {

using test::segment_name;
using test::segment_size;
using testing::IsEmpty;
using testing::SizeIs;

/// Segments 3 to 8 of timeline 1, each with one commit: 3 at 3 s, 4 at 4 s …
class ArchiveReportTest : public testing::Test {
 protected:
  ArchiveReportTest() {
    for (std::uint64_t number = 3; number <= 8; ++number) {
      wal_.commit(700, {static_cast<std::int64_t>(number) * 1'000'000});
      wal_.add_switch();
    }
  }
  void put(std::uint64_t number) { bench_.put_segment(*bench_.a, {1, number}, wal_.segments()[number - 3]); }
  ArchiveReport report(const KnownExtents& known = {}) {
    return report_archive(bench_.stores, bench_.keys, test::system_id, known, bench_.monitor);
  }

  postgres::WalScript wal_;
  test::ArchiveBench bench_;
};

TEST_F(ArchiveReportTest, TellsWhenTheMissingWalWasWritten) {
  for (const std::uint64_t number : {3u, 4u, 7u, 8u}) put(number);
  const auto told = report();
  EXPECT_EQ(told.graph.segment_size, segment_size);
  ASSERT_EQ(told.gaps.size(), 1u);
  EXPECT_EQ(told.gaps[0].gap, (Gap{1, 5, 6}));
  EXPECT_EQ(told.gaps[0].begin, postgres::Lsn{5 * std::uint64_t{segment_size}});
  EXPECT_EQ(told.gaps[0].end, postgres::Lsn{7 * std::uint64_t{segment_size}});
  EXPECT_EQ(told.gaps[0].after, Timestamp{4'000'000});
  EXPECT_EQ(told.gaps[0].before, Timestamp{7'000'000});
  EXPECT_EQ(told.unacknowledged_gaps(), 1u);
}

TEST_F(ArchiveReportTest, TellsWhoKnowsOfIt) {
  for (const std::uint64_t number : {3u, 5u}) put(number);
  acknowledge_gap(bench_.stores, bench_.keys,
                  {test::system_id, segment_name(1, 4), segment_name(1, 4), "why", "db1", {1}}, bench_.clock,
                  bench_.random);
  const auto told = report();
  ASSERT_EQ(told.gaps.size(), 1u);
  ASSERT_THAT(told.gaps[0].known, SizeIs(1));
  EXPECT_EQ(told.gaps[0].known[0].reason, "why");
  EXPECT_EQ(told.unacknowledged_gaps(), 0u);
}

TEST_F(ArchiveReportTest, OfAGapAtTheEndOnlyTheTimeBeforeIsKnown) {
  put(3);
  const auto told = report({{1, {3, 5}}});
  ASSERT_EQ(told.gaps.size(), 1u);
  EXPECT_EQ(told.gaps[0].gap, (Gap{1, 4, 5}));
  EXPECT_EQ(told.gaps[0].after, Timestamp{3'000'000});
  EXPECT_FALSE(told.gaps[0].before);
}

TEST_F(ArchiveReportTest, NeedsNoPrivateKeyForTheWayTimelinesBranch) {
  put(3);
  put(4);
  bench_.put_history(*bench_.a, 2, "1\t0/500080\tno recovery target specified\n");
  const auto told = report();
  EXPECT_EQ(told.histories.size(), 1u);
  ASSERT_TRUE(told.graph.find(2)->origin);
  EXPECT_EQ(told.graph.find(2)->origin->switch_point, postgres::Lsn{0x500080});
  EXPECT_THAT(told.gaps, IsEmpty());
}

TEST_F(ArchiveReportTest, OfAnEmptyArchiveTellsNothing) {
  const auto told = report();
  EXPECT_THAT(told.graph.timelines, IsEmpty());
  EXPECT_THAT(told.gaps, IsEmpty());
}

}  // namespace
}  // namespace owl::wal
