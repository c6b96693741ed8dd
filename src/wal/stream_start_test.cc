#include "wal/stream_start.h"

#include <gtest/gtest.h>

#include "wal/test_support.h"

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::SegmentId;
using postgres::TimelinePath;

class StreamStartTest : public testing::Test, protected test::ArchiveBench {
 protected:
  void archive(postgres::TimelineId timeline, std::initializer_list<std::uint64_t> numbers) {
    for (const auto number : numbers) put(*a, test::segment_name(timeline, number), as_bytes("x"));
  }
  static Lsn at(std::uint64_t number, std::uint64_t offset = 0) { return {number * test::segment_size + offset}; }
  StreamStart choose(Lsn slot, Lsn flushed, const TimelinePath& path = {1, {}}) {
    return choose_stream_start({test::system_id, path.target(), flushed}, false, path, slot, test::segment_size,
                               load());
  }
  Archive load() { return Archive::load(stores, test::system_id); }
};

TEST_F(StreamStartTest, IsWhatTheSlotKeepsWhereNothingIsArchived) {
  const auto start = choose(at(5, 100), at(7));
  EXPECT_EQ(start.segment, (SegmentId{1, 5}));
  EXPECT_FALSE(start.missing_from);
}

TEST_F(StreamStartTest, IsTheFirstSegmentThatIsNotArchived) {
  archive(1, {3, 4, 5, 6});
  EXPECT_EQ(choose(at(5), at(8)).segment, (SegmentId{1, 7}));
  EXPECT_EQ(choose(at(7), at(8)).segment, (SegmentId{1, 7}));
  EXPECT_FALSE(choose(at(7), at(8)).missing_from);
}

TEST_F(StreamStartTest, TellsWhatIsMissingBetweenArchiveAndSlot) {
  archive(1, {3, 4});
  const auto start = choose(at(8), at(9));
  EXPECT_EQ(start.segment, (SegmentId{1, 8}));
  EXPECT_EQ(start.missing_from, (SegmentId{1, 5}));
}

TEST_F(StreamStartTest, FillsAHoleThatTheSlotStillCovers) {
  archive(1, {3, 4, 6});
  EXPECT_EQ(choose(at(3), at(8)).segment, (SegmentId{1, 5}));
}

TEST_F(StreamStartTest, OnANewTimelineTheForksSegmentIsTheChilds) {
  archive(1, {3, 4, 5});
  const TimelinePath path(2, {{1, at(5, 100), ""}});
  EXPECT_EQ(choose(at(5), at(6), path).segment, (SegmentId{2, 5}));
  EXPECT_EQ(choose(at(4), at(6), path).segment, (SegmentId{2, 5}));
}

TEST_F(StreamStartTest, WhatIsMissingOfTheParentComesFirst) {
  archive(1, {3});
  const TimelinePath path(2, {{1, at(5, 100), ""}});
  EXPECT_EQ(choose(at(5), at(6), path).missing_from, (SegmentId{1, 4}));
  EXPECT_EQ(choose(at(4), at(6), path).segment, (SegmentId{1, 4}));
}

TEST_F(StreamStartTest, RefusesAServerThatIsBehindTheArchive) {
  archive(1, {3, 4, 5, 6});
  EXPECT_THROW(choose(at(3), at(6, 100)), Error);
  EXPECT_NO_THROW(choose(at(3), at(7)));
}

TEST_F(StreamStartTest, ANewTimelineIsFitUnlessItsParentGoesOn) {
  archive(1, {3, 4, 5});
  EXPECT_NO_THROW(require_new_timeline_is_fit({2, {{1, at(6), ""}}}, test::segment_size, load()));
  EXPECT_NO_THROW(require_new_timeline_is_fit({2, {{1, at(5, 1), ""}}}, test::segment_size, load()))
      << "a standby may have been a little behind";
  EXPECT_THROW(require_new_timeline_is_fit({2, {{1, at(5), ""}}}, test::segment_size, load()), Error);
  archive(2, {5});
  EXPECT_NO_THROW(require_new_timeline_is_fit({2, {{1, at(5), ""}}}, test::segment_size, load())) << "not new";
}

}  // namespace
}  // namespace owl::wal
