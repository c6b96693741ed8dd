#include "wal/timeline_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal/test_support.h"

namespace owl::wal {
namespace {

using test::key_of;
using test::segment_name;
using test::segment_size;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr postgres::Lsn in_segment(std::uint64_t number) {
  return {number * segment_size + 4096};
}

class TimelineGraphTest : public testing::Test {
 protected:
  void put(postgres::TimelineId timeline, std::uint64_t first, std::uint64_t last, bool in_b = true) {
    for (auto number = first; number <= last; ++number) {
      bench_.a->put_once(key_of(segment_name(timeline, number)), Bytes(10));
      if (in_b) bench_.b->put_once(key_of(segment_name(timeline, number)), Bytes(10));
    }
  }
  void put_history(postgres::TimelineId timeline, std::vector<postgres::TimelineSwitch> history) {
    bench_.a->put_once(key_of(postgres::history_file_name(timeline)), Bytes(1));
    histories_[timeline] = std::move(history);
  }
  TimelineGraph graph() {
    return draw_timelines(Archive::load(bench_.stores, test::system_id), segment_size, histories_, known_);
  }

  test::ArchiveBench bench_;
  Histories histories_;
  KnownExtents known_;
};

TEST_F(TimelineGraphTest, NamesEachGapExactly) {
  put(1, 3, 5);
  put(1, 8, 8);
  put(1, 10, 12);
  const auto gaps = graph().gaps();
  EXPECT_THAT(gaps, ElementsAre(Gap{1, 6, 7}, Gap{1, 9, 9}));
  EXPECT_EQ(to_text(gaps[0], segment_size), segment_name(1, 6) + ".." + segment_name(1, 7));
  EXPECT_EQ(to_text(gaps[1], segment_size), segment_name(1, 9));
}

TEST_F(TimelineGraphTest, TellsWhereStoresDiffer) {
  put(1, 3, 4);
  put(1, 5, 6, false);
  put(1, 7, 7);
  const auto drawn = graph();
  const auto& ranges = drawn.timelines.at(0).ranges;
  ASSERT_EQ(ranges.size(), 3u);
  EXPECT_EQ(ranges[1].first, 5u);
  EXPECT_EQ(ranges[1].last, 6u);
  EXPECT_THAT(ranges[1].stores, ElementsAre("a"));
  EXPECT_THAT(ranges[2].stores, ElementsAre("a", "b"));
  EXPECT_THAT(drawn.gaps(), IsEmpty());
  EXPECT_EQ(drawn.timelines[0].segments, 5u);
}

TEST_F(TimelineGraphTest, AChildsFirstSegmentSuppliesTheForksOwn) {
  put(1, 3, 4);  // the primary died while it wrote 5
  put_history(2, {{1, in_segment(5), "no recovery target specified"}});
  put(2, 5, 7);
  const auto drawn = graph();
  EXPECT_THAT(drawn.gaps(), IsEmpty());
  const auto& origin = drawn.find(2)->origin;
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->timeline, 1u);
  EXPECT_EQ(origin->switch_point, in_segment(5));
  EXPECT_EQ(origin->reason, "no recovery target specified");
  EXPECT_FALSE(drawn.find(1)->origin);
}

TEST_F(TimelineGraphTest, ParentSegmentsUpToTheForkAreMissed) {
  put(1, 1, 2);  // 3 and 4 were never archived by the primary that died
  put_history(2, {{1, in_segment(5), ""}});
  put(2, 5, 7);
  EXPECT_THAT(graph().gaps(), ElementsAre(Gap{1, 3, 4}));
}

TEST_F(TimelineGraphTest, AForkAtABorderNeedsTheSegmentBeforeIt) {
  put(1, 1, 3);
  put_history(2, {{1, {5 * std::uint64_t{segment_size}}, ""}});
  put(2, 5, 5);
  EXPECT_THAT(graph().gaps(), ElementsAre(Gap{1, 4, 4}));
}

TEST_F(TimelineGraphTest, AChildThatBeginsBehindItsForkHasAGap) {
  put(1, 1, 8);  // the parent lived on: its own 5 is another history
  put_history(2, {{1, in_segment(5), ""}});
  put(2, 6, 7);
  EXPECT_THAT(graph().gaps(), ElementsAre(Gap{2, 5, 5}));
}

TEST_F(TimelineGraphTest, AParentThatLivesOnNeedsItsOwnSegmentAtTheFork) {
  put(1, 1, 4);
  put(1, 6, 8);
  put_history(2, {{1, in_segment(5), ""}});
  put(2, 5, 7);
  EXPECT_THAT(graph().gaps(), ElementsAre(Gap{1, 5, 5}));
}

TEST_F(TimelineGraphTest, AChildWithoutSegmentsNeedsItsParentAlready) {
  put(1, 1, 2);
  put_history(2, {{1, in_segment(5), ""}});
  const auto drawn = graph();
  EXPECT_THAT(drawn.gaps(), ElementsAre(Gap{1, 3, 4})) << "before they are recycled where they still lie";
  EXPECT_EQ(drawn.find(2)->segments, 0u);
}

TEST_F(TimelineGraphTest, AWholeTimelineCanBeMissingOnTheWay) {
  put(1, 1, 4);
  put_history(2, {{1, in_segment(5), ""}});
  put_history(3, {{1, in_segment(5), ""}, {2, in_segment(7), ""}});
  put(3, 7, 9);
  EXPECT_THAT(graph().gaps(), ElementsAre(Gap{2, 5, 6}));
}

TEST_F(TimelineGraphTest, TwoForksInOneSegmentNeedNothingBetween) {
  put(1, 1, 4);
  put_history(2, {{1, in_segment(5), ""}});
  put_history(3, {{1, in_segment(5), ""}, {2, in_segment(5) + 100, ""}});
  put(3, 5, 6);
  EXPECT_THAT(graph().gaps(), IsEmpty());
}

TEST_F(TimelineGraphTest, WhatWasNeverArchivedIsNoGap) {
  put_history(2, {{1, in_segment(5), ""}});  // archiving began after a promotion
  put(2, 9, 10);
  EXPECT_THAT(graph().gaps(), IsEmpty());
}

TEST_F(TimelineGraphTest, WhatIsKnownToHaveBeenThereIsMissed) {
  put(1, 3, 5);
  known_[1] = {2, 7};
  EXPECT_THAT(graph().gaps(), ElementsAre(Gap{1, 2, 2}, Gap{1, 6, 7}));
}

TEST_F(TimelineGraphTest, TellsOfATimelineWhoseHistoryFileIsMissing) {
  put(1, 3, 5);
  put(2, 5, 6);
  EXPECT_TRUE(graph().find(2)->history_missing);
  put_history(2, {{1, in_segment(5), ""}});
  EXPECT_FALSE(graph().find(2)->history_missing);
  histories_[2] = {{7, in_segment(5), ""}};  // names a later timeline
  EXPECT_TRUE(graph().find(2)->history_missing);
}

}  // namespace
}  // namespace owl::wal
