#include <gtest/gtest.h>

#include "postgres/test_samples.h"
#include "postgres/wal_builder.h"
#include "postgres/wal_record.h"

namespace owl::postgres {
namespace {

constexpr std::size_t page = WalBuilder::page_size;

/// A builder with about `pages` pages of records.
WalBuilder filled(std::size_t pages, WalBuilder::Options options = {}) {
  WalBuilder wal(options);
  const Lsn begin{options.first_segment * WalBuilder::segment_size};
  while (wal.position() - begin < pages * page) wal.add_sized(500);
  return wal;
}

std::string problem(ByteView segment, SegmentId id) {
  const auto result = check_segment(segment, id);
  return result ? "" : result.error().message();
}

TEST(SegmentHeader, EveryVersion) {
  for (int major = 13; major <= 18; ++major) {
    WalBuilder wal({.major = major, .timeline = 3, .first_segment = 9, .system_id = 77});
    wal.add_sized(10);
    const auto header = value_or_throw(parse_segment_header(wal.segments()[0]));
    EXPECT_EQ(header.major, major);
    EXPECT_EQ(header.timeline, 3u);
    EXPECT_EQ(header.page_address, Lsn{9u << 20});
    EXPECT_EQ(header.system_id, 77u);
    EXPECT_EQ(header.segment_size, 1u << 20);
    EXPECT_EQ(header.block_size, 8192u);
  }
}

TEST(SegmentHeader, RefusesOthers) {
  WalBuilder wal;
  wal.add_sized(10);
  const Bytes& good = wal.segments()[0];
  for (std::size_t size = 0; size < 40; ++size) EXPECT_FALSE(parse_segment_header(ByteView(good).first(size)));
  Bytes newer = good;
  newer[0] = 0x21;
  const auto result = parse_segment_header(newer);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::unsupported);
  EXPECT_EQ(result.error().message(), "WAL with the page magic D121 is of no PostgreSQL that is known here (13 to 18)");
  Bytes text = to_bytes(as_bytes("not a segment at all, but some text that somebody put there"));
  EXPECT_EQ(parse_segment_header(text).error().message(), "not a WAL segment");
}

TEST(CheckSegment, FullOfPages) {
  WalBuilder wal = filled(200);
  EXPECT_EQ(problem(wal.segments()[0], wal.id_of(0)), "");
  EXPECT_EQ(problem(wal.segments()[1], wal.id_of(1)), "");
}

TEST(CheckSegment, ZerosBehindASwitch) {
  WalBuilder wal = filled(3);
  wal.add_switch();
  EXPECT_EQ(problem(wal.segments()[0], wal.id_of(0)), "");
}

TEST(CheckSegment, OldPagesBehindTheEnd) {
  WalBuilder wal = filled(3);
  WalBuilder old = filled(100, {.first_segment = 1});
  std::copy(old.segments()[0].begin() + 5 * page, old.segments()[0].end(), wal.segments()[0].begin() + 5 * page);
  EXPECT_EQ(problem(wal.segments()[0], wal.id_of(0)), "");
}

TEST(CheckSegment, AParentsPagesMayComeFirst) {
  WalBuilder wal = filled(3);
  wal.set_timeline(2);
  wal.add_sized(20'000);
  EXPECT_EQ(problem(wal.segments()[0], wal.id_of(0)), "");
  EXPECT_EQ(problem(wal.segments()[0], {1, 3}), "page at 0/308000 is of timeline 2 in a file of timeline 1");
}

TEST(CheckSegment, OldPagesOfTheParentAtTheRightPlaceAreNoMistake) {
  WalBuilder parent = filled(100);
  WalBuilder child = filled(3);
  child.set_timeline(2);
  child.add_sized(20'000);
  const auto end = static_cast<std::ptrdiff_t>((child.position().value % WalBuilder::segment_size / page + 1) * page);
  std::copy(parent.segments()[0].begin() + end, parent.segments()[0].end(), child.segments()[0].begin() + end);
  EXPECT_EQ(problem(child.segments()[0], {2, 3}), "");
}

TEST(CheckSegment, SaysWhatIsWrong) {
  WalBuilder wal = filled(200);
  const Bytes good = wal.segments()[0];
  const SegmentId id = wal.id_of(0);
  EXPECT_EQ(problem(ByteView(good).first(good.size() - page), id),
            "the segment has 1040384 bytes, not the 1048576 that its header tells");
  EXPECT_EQ(problem(good, {1, 4}), "the segment holds the WAL of 0/300000, not of 0/400000 as its name says");
  WalBuilder child = filled(3, {.timeline = 2});
  EXPECT_EQ(problem(child.segments()[0], {1, 3}), "the segment is of timeline 2, not of 1 as its name says");

  Bytes garbage = good;
  std::fill_n(garbage.begin() + 7 * page, 100, std::uint8_t{0x5a});
  EXPECT_EQ(problem(garbage, id), "page at 0/30E000 has the magic number 5A5A");
  Bytes hole = good;
  std::fill_n(hole.begin() + 7 * page, page, std::uint8_t{0});
  EXPECT_EQ(problem(hole, id), "page at 0/30E000 is empty, but WAL goes on at 0/310000");
  Bytes moved = good;
  std::copy_n(good.begin() + 20 * page, page, moved.begin() + 7 * page);
  EXPECT_EQ(problem(moved, id),
            "page at 0/30E000 is an old one of 0/328000 in a recycled file, but WAL goes on at "
            "0/310000");
  Bytes flags = good;
  flags[7 * page + 3] = 0x10;
  EXPECT_EQ(problem(flags, id).substr(0, 37), "page at 0/30E000 has the unknown flag");
}

TEST(CheckSegment, RealServers) {
  for (int major = 13; major <= 18; ++major) {
    const Bytes segments = compressed_sample("wal_" + std::to_string(major) + ".compressed");
    const auto header = value_or_throw(parse_segment_header(segments));
    EXPECT_EQ(header.major, major);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto segment = ByteView(segments).subspan(i << 20, 1 << 20);
      const SegmentId id = segment_of(1, header.page_address + (i << 20), 1 << 20);
      EXPECT_EQ(problem(segment, id), "") << major << " segment " << i;
    }
  }
}

}  // namespace
}  // namespace owl::postgres
