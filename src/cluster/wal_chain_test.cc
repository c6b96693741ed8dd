#include "cluster/wal_chain.h"

#include <gtest/gtest.h>

#include "wal/test_support.h"

namespace owl::cluster {
namespace {

using postgres::Lsn;
using wal::test::segment_name;
using wal::test::segment_size;

constexpr Lsn in_segment(std::uint64_t number, std::uint64_t offset = 0) {
  return {number * segment_size + offset};
}

/// Chains hang on names alone: the objects here are empty.
class ChainTest : public testing::Test {
 protected:
  ChainTest() {
    details_.wal_segment_size = segment_size;
    details_.timeline = 1;
    details_.start = in_segment(3, 40);
    details_.stop = in_segment(4);
  }
  void archive(postgres::TimelineId timeline, std::initializer_list<std::uint64_t> numbers) {
    for (auto number : numbers) bench_.a->put_once(wal::test::key_of(segment_name(timeline, number)), as_bytes("x"));
  }
  std::optional<WalChain> chain(postgres::TimelineId target, const std::vector<postgres::TimelineSwitch>& history) {
    return chain_from(details_, target, history, wal::Archive::load(bench_.stores, wal::test::system_id));
  }

  wal::test::ArchiveBench bench_;
  ClusterDetails details_;
};

TEST_F(ChainTest, RunsFromTheBackupsStartToTheFirstThatIsNotThere) {
  archive(1, {2, 3, 4, 5});
  const auto found = chain(1, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->segments, (std::vector<postgres::SegmentId>{{1, 3}, {1, 4}, {1, 5}}));
  EXPECT_EQ(found->next, segment_name(1, 6));
  EXPECT_FALSE(found->missing);
}

TEST_F(ChainTest, AHoleIsToldFromTheEnd) {
  archive(1, {3, 5});
  const auto found = chain(1, {});
  EXPECT_EQ(found->segments.size(), 1u);
  EXPECT_EQ(found->missing, segment_name(1, 4));
}

TEST_F(ChainTest, CanBeEmpty) {
  archive(1, {2});
  const auto found = chain(1, {});
  EXPECT_TRUE(found->segments.empty());
  EXPECT_EQ(found->next, segment_name(1, 3));
  EXPECT_FALSE(found->missing);
}

TEST_F(ChainTest, TheForksSegmentIsTheChilds) {
  archive(1, {3, 4, 5, 6});
  archive(2, {5, 6});
  const auto found = chain(2, {{1, in_segment(5, 100), ""}});
  EXPECT_EQ(found->segments, (std::vector<postgres::SegmentId>{{1, 3}, {1, 4}, {2, 5}, {2, 6}}));
}

TEST_F(ChainTest, AForkAtABorderLeavesTheParentItsLastSegment) {
  archive(1, {3, 4});
  archive(2, {5});
  const auto found = chain(2, {{1, in_segment(5), ""}});
  EXPECT_EQ(found->segments, (std::vector<postgres::SegmentId>{{1, 3}, {1, 4}, {2, 5}}));
}

TEST_F(ChainTest, WhatTheParentWroteBehindTheForkBridgesNothing) {
  archive(1, {3, 4, 5, 6, 7});
  const auto found = chain(2, {{1, in_segment(5, 100), ""}});
  EXPECT_EQ(found->segments.size(), 2u);
  EXPECT_EQ(found->next, segment_name(2, 5));
}

TEST_F(ChainTest, SegmentsOfSeveralTimelinesFollowEachOther) {
  archive(1, {3});
  archive(2, {4});
  archive(5, {5, 6});
  const auto found = chain(5, {{1, in_segment(4, 8), ""}, {2, in_segment(5, 8), ""}});
  EXPECT_EQ(found->segments, (std::vector<postgres::SegmentId>{{1, 3}, {2, 4}, {5, 5}, {5, 6}}));
}

TEST_F(ChainTest, ATimelineThatLeftBeforeTheBackupsEndDoesNotFollow) {
  archive(1, {3, 4, 5});
  details_.stop = in_segment(4, 100);
  EXPECT_FALSE(chain(2, {{1, in_segment(4, 99), ""}}));
  EXPECT_TRUE(chain(2, {{1, in_segment(4, 100), ""}}));
  EXPECT_FALSE(chain(3, {{2, in_segment(9), ""}})) << "a history without the backup's timeline";
}

}  // namespace
}  // namespace owl::cluster
