#include <gtest/gtest.h>

#include "postgres/wal_builder.h"
#include "postgres/wal_recorder.h"

namespace owl::postgres {
namespace {

constexpr std::size_t page = WalBuilder::page_size;

struct Walk {
  WalRecorder seen;
  WalWalker::Progress progress;
};

/// Feeds segments until the walk ends.
Walk walk(WalBuilder& wal, std::optional<Lsn> start = std::nullopt, std::size_t from = 0) {
  Walk out;
  WalWalker walker(WalBuilder::segment_size, start);
  for (std::size_t i = from; i < wal.segments().size() && !out.progress.ended; ++i) {
    out.progress = walker.feed(wal.segments()[i], wal.id_of(i), out.seen);
  }
  return out;
}

std::vector<Lsn> places(const WalRecorder& seen) {
  std::vector<Lsn> out;
  for (const auto& record : seen.records) out.push_back(record.head.lsn);
  return out;
}

TEST(WalWalker, SmallRecordsOnOnePage) {
  WalBuilder wal;
  const std::vector<Lsn> written{wal.add_sized(1), wal.add_sized(0), wal.add_sized(255), wal.add_sized(256)};
  const Lsn end = wal.position();
  const auto out = walk(wal);
  EXPECT_EQ(places(out.seen), written);
  EXPECT_EQ(out.seen.records[2].main_data, Bytes(255, 0xab));
  EXPECT_EQ(out.seen.records[1].head.previous, written[0]);
  EXPECT_EQ(out.seen.records[1].head.end, written[2]);
  EXPECT_EQ(out.seen.records[0].head.xid, 700u);
  EXPECT_TRUE(out.progress.ended);
  EXPECT_EQ(out.progress.next, end);
  EXPECT_EQ(out.progress.end_reason, "no record at " + to_text(end));
}

TEST(WalWalker, RecordsCutByAPageAtEveryPossiblePlace) {
  for (std::size_t left = 8; left <= 64; left += 8) {
    for (const std::size_t size : {1u, 30u, 40u, 5000u, 30'000u}) {
      WalBuilder wal;
      wal.fill_page_until(left);
      const Lsn lsn = wal.add_sized(size, 0x11);
      const Lsn after = wal.add_sized(3, 0x22);
      const auto out = walk(wal);
      ASSERT_EQ(out.seen.records.size(), 3u) << left << ' ' << size;
      EXPECT_EQ(lsn.value % page, page - left);
      EXPECT_EQ(out.seen.records[1].head.lsn, lsn);
      EXPECT_EQ(out.seen.records[1].main_data, Bytes(size, 0x11));
      EXPECT_EQ(out.seen.records[2].head.lsn, after);
    }
  }
}

TEST(WalWalker, ARecordThatFillsItsPageToTheEnd) {
  WalBuilder wal;
  const Lsn first = wal.add_sized(page - 40 - 24 - 5);
  EXPECT_EQ(wal.position().value % page, 0u);
  const Lsn second = wal.add_sized(10);
  const auto out = walk(wal);
  EXPECT_EQ(places(out.seen), (std::vector<Lsn>{first, second}));
  EXPECT_EQ(out.seen.records[0].head.end, Lsn{first.value / page * page + page});
}

TEST(WalWalker, RecordsOverSegments) {
  WalBuilder wal;
  wal.add_sized(900'000);
  const Lsn large = wal.add({.resource_manager = 21, .main_data = Bytes(2'500'000, 0x33)});
  const Lsn last = wal.add_sized(5);
  ASSERT_EQ(wal.segments().size(), 4u);

  WalRecorder seen;
  WalWalker walker(WalBuilder::segment_size);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto progress = walker.feed(wal.segments()[i], wal.id_of(i), seen);
    EXPECT_FALSE(progress.ended);
    EXPECT_TRUE(progress.record_unfinished);
    EXPECT_EQ(progress.next, large);
    EXPECT_EQ(progress.unfinished_resource_manager, 21);
  }
  const auto progress = walker.feed(wal.segments()[3], wal.id_of(3), seen);
  EXPECT_TRUE(progress.ended);
  EXPECT_FALSE(progress.record_unfinished);
  ASSERT_EQ(seen.records.size(), 3u);
  EXPECT_EQ(seen.records[1].main_data.size(), 2'500'000u);
  EXPECT_EQ(seen.records[2].head.lsn, last);
}

TEST(WalWalker, AnUnknownUnfinishedRecordMayBeACommit) {
  WalBuilder wal;
  while (wal.position().value % WalBuilder::segment_size < WalBuilder::segment_size - 3 * page) wal.add_sized(4000);
  while (wal.position().value % WalBuilder::segment_size < WalBuilder::segment_size - page) wal.fill_page_until(8);
  ASSERT_EQ(wal.position().value % page, page - 8);
  wal.add_sized(100);
  WalRecorder seen;
  WalWalker walker(WalBuilder::segment_size);
  const auto progress = walker.feed(wal.segments()[0], wal.id_of(0), seen);
  EXPECT_TRUE(progress.record_unfinished);
  EXPECT_EQ(progress.unfinished_resource_manager, 1);
}

TEST(WalWalker, BeginsAtTheFirstRecordOfTheFirstSegment) {
  WalBuilder wal;
  wal.add_sized(900'000);
  wal.add_sized(2'500'000);
  const Lsn last = wal.add_sized(5);
  EXPECT_EQ(places(walk(wal, {}, 1).seen), std::vector<Lsn>{last});  // a whole segment holds no beginning
  EXPECT_EQ(places(walk(wal, {}, 3).seen), std::vector<Lsn>{last});
}

TEST(WalWalker, BeginsWhereItIsTold) {
  WalBuilder wal;
  std::vector<Lsn> all;
  for (int i = 0; i < 1000; ++i) all.push_back(wal.add_sized(3000));
  for (const std::size_t from : {0u, 1u, 5u, 333u, 700u}) {
    const auto out = walk(wal, all[from], (all[from].value >> 20) - 3);
    EXPECT_EQ(places(out.seen), std::vector<Lsn>(all.begin() + static_cast<std::ptrdiff_t>(from), all.end()));
  }
}

TEST(WalWalker, APageStartMeansTheFirstRecordBehindItsHeader) {
  WalBuilder wal;
  wal.add_sized(page - 40 - 24 - 5);
  const Lsn boundary = wal.position();
  ASSERT_EQ(boundary.value % page, 0u);
  const Lsn second = wal.add_sized(10);
  EXPECT_EQ(places(walk(wal, boundary).seen), std::vector<Lsn>{second});
}

TEST(WalWalker, RefusesAStartWithinARecord) {
  WalBuilder wal;
  wal.add_sized(20'000);
  wal.add_sized(10);
  EXPECT_EQ(walk(wal, Lsn{(3 << 20) + page}).progress.end_reason,
            "page at 0/302000 continues a record where one should begin");
  EXPECT_TRUE(walk(wal, Lsn{(3 << 20) + 5000}).progress.ended);
  EXPECT_EQ(walk(wal, Lsn{2 << 20}).progress.end_reason, "segment 000000010000000000000003 does not hold 0/200000");
}

TEST(WalWalker, ASwitchEndsTheSegment) {
  WalBuilder wal;
  wal.add_sized(10);
  const Lsn switched = wal.add_switch();
  const Lsn after = wal.add_sized(10);
  EXPECT_EQ(wal.segments().size(), 2u);
  WalRecorder seen;
  WalWalker walker(WalBuilder::segment_size);
  auto progress = walker.feed(wal.segments()[0], wal.id_of(0), seen);
  EXPECT_FALSE(progress.ended);
  EXPECT_FALSE(progress.record_unfinished);
  EXPECT_EQ(progress.next, Lsn{4 << 20});
  EXPECT_EQ(seen.records.back().head.lsn, switched);
  EXPECT_EQ(seen.records.back().head.end, Lsn{4 << 20});
  progress = walker.feed(wal.segments()[1], wal.id_of(1), seen);
  EXPECT_EQ(seen.records.back().head.lsn, after);
}

TEST(WalWalker, ASwitchThatCrossesAPage) {
  WalBuilder wal;
  wal.fill_page_until(8);
  wal.add_switch();
  const Lsn after = wal.add_sized(10);
  EXPECT_EQ(places(walk(wal).seen).back(), after);
}

TEST(WalWalker, ARecordThatACrashCutOffIsDropped) {
  WalBuilder wal;
  const Lsn before = wal.add_sized(10);
  wal.add_cut_off(30'000);
  const Lsn after = wal.add({.resource_manager = 0, .info = 0xd0, .main_data = Bytes(16)});
  const auto out = walk(wal);
  EXPECT_EQ(places(out.seen), (std::vector<Lsn>{before, after}));
  EXPECT_EQ(out.seen.records[1].head.previous, before);
}

TEST(WalWalker, ACutOffRecordAtTheEndOfASegment) {
  WalBuilder wal;
  while (wal.position().value % WalBuilder::segment_size < WalBuilder::segment_size - 7000) wal.add_sized(2000);
  wal.add_cut_off(30'000);
  ASSERT_EQ(wal.position().value % WalBuilder::segment_size, 0u);
  const Lsn after = wal.add({.resource_manager = 0, .info = 0xd0, .main_data = Bytes(16)});
  EXPECT_EQ(places(walk(wal).seen).back(), after);
  EXPECT_EQ(places(walk(wal, {}, 1).seen), std::vector<Lsn>{after});
}

TEST(WalWalker, EndsAtAMissingContinuation) {
  WalBuilder wal;
  const Lsn before = wal.add_sized(10);
  const Lsn lost = wal.add_sized(30'000);
  wal.segments()[0][page + 2] = 0;  // no longer a continuation
  const auto out = walk(wal);
  EXPECT_EQ(places(out.seen), std::vector<Lsn>{before});
  EXPECT_EQ(out.progress.next, lost);
  EXPECT_EQ(out.progress.end_reason, "page at 0/302000 does not continue the record at " + to_text(lost));
}

TEST(WalWalker, EndsAtZerosAndOldPages) {
  WalBuilder wal;
  wal.add_sized(30'000);
  Bytes& segment = wal.segments()[0];
  const auto second = segment.begin() + page;
  const Bytes whole = segment;
  std::fill_n(second, page, std::uint8_t{0});
  EXPECT_EQ(walk(wal).progress.end_reason, "page at 0/302000 is empty");
  segment = whole;
  segment[page + 8 + 2] ^= 1;
  EXPECT_EQ(walk(wal).progress.end_reason, "page at 0/302000 is an old one of 0/312000 in a recycled file");
}

TEST(WalWalker, EndsAtARecordThatIsWrong) {
  WalBuilder wal;
  wal.add_sized(10);
  const Lsn second = wal.add_sized(10);
  wal.add_sized(10);
  const std::size_t at = second.value % WalBuilder::segment_size;
  const Bytes good = wal.segments()[0];
  const auto reason = [&](std::size_t offset, std::uint8_t value) {
    wal.segments()[0] = good;
    wal.segments()[0][at + offset] = value;
    const auto out = walk(wal);
    EXPECT_EQ(out.seen.records.size(), 1u);
    EXPECT_EQ(out.progress.next, second);
    return out.progress.end_reason;
  };
  EXPECT_EQ(reason(0, 5), "the record at 0/300050 has the impossible size 5");
  EXPECT_EQ(reason(3, 0x7f), "the record at 0/300050 has the impossible size 2130706468");
  EXPECT_EQ(reason(8, 0x77), "the record at 0/300050 does not follow the one before: it names 0/300077 as that");
  EXPECT_EQ(reason(17, 99), "the record at 0/300050 has the unknown resource manager 99");
  EXPECT_EQ(reason(30, 0x77), "the record at 0/300050 has a wrong checksum");
}

TEST(WalWalker, ExtensionsResourceManagersFrom15On) {
  for (const int major : {14, 15}) {
    WalBuilder wal({.major = major});
    wal.add({.resource_manager = 128, .main_data = Bytes(3)});
    EXPECT_EQ(walk(wal).seen.records.size(), major >= 15 ? 1u : 0u);
  }
}

TEST(WalWalker, SegmentsMustFollow) {
  WalBuilder wal;
  for (int i = 0; i < 1000; ++i) wal.add_sized(3000);
  WalRecorder seen;
  WalWalker walker(WalBuilder::segment_size);
  walker.feed(wal.segments()[0], wal.id_of(0), seen);
  auto progress = walker.feed(wal.segments()[2], wal.id_of(2), seen);
  EXPECT_TRUE(progress.ended);
  EXPECT_EQ(progress.end_reason, "segment 000000010000000000000005 does not follow 000000010000000000000003");
  progress = walker.feed(wal.segments()[1], wal.id_of(1), seen);
  EXPECT_TRUE(progress.ended);  // and stays so
}

TEST(WalWalker, OnlyTheFirstBytesOfASegment) {
  WalBuilder wal;
  std::vector<Lsn> all;
  for (int i = 0; i < 100; ++i) all.push_back(wal.add_sized(3000));
  for (const std::size_t size : {40u, 3000u, 8192u, 8200u, 8192u * 5 + 17, 8192u * 5 + 24, 200'001u}) {
    WalRecorder seen;
    WalWalker walker(WalBuilder::segment_size);
    const auto progress = walker.feed(ByteView(wal.segments()[0]).first(size), wal.id_of(0), seen);
    EXPECT_TRUE(progress.ended);
    EXPECT_FALSE(progress.record_unfinished);
    EXPECT_EQ(places(seen),
              std::vector<Lsn>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(seen.records.size())));
    for (const auto& record : seen.records) EXPECT_LE(record.head.end, Lsn{(3 << 20) + aligned(size)});
    EXPECT_EQ(progress.next, all[seen.records.size()]) << size;
  }
}

TEST(WalWalker, TimelinesMayAscendButNotDescend) {
  WalBuilder wal;
  wal.add_sized(10);
  wal.set_timeline(2);
  wal.add_sized(20'000);
  const Lsn good = wal.add_sized(10);
  EXPECT_EQ(places(walk(wal).seen).back(), good);  // the builder names the file by its present timeline
  wal.set_timeline(1);
  wal.add_sized(20'000);
  wal.set_timeline(2);
  EXPECT_EQ(places(walk(wal).seen).back(), good);
}

/// The headers of one block, as XLogRecordAssemble writes them.
Bytes block_header(std::uint8_t id, std::uint8_t flags, std::uint16_t data_size, ByteView image_header,
                   std::optional<std::uint32_t> relation, BlockNumber block) {
  Bytes bytes;
  BinaryWriter out(bytes);
  out.u8(id);
  out.u8(flags);
  out.u16(data_size);
  out.raw(image_header);
  if (relation) {
    out.u32(1663);
    out.u32(5);
    out.u32(*relation);
  }
  out.u32(block);
  return bytes;
}

Bytes image_header(std::uint16_t size, std::uint8_t info, bool with_hole_length) {
  Bytes bytes;
  BinaryWriter out(bytes);
  out.u16(size);
  out.u16(100);
  out.u8(info);
  if (with_hole_length) out.u16(500);
  return bytes;
}

TEST(WalWalker, BlocksOfEveryVersion) {
  struct Case {
    int major;
    std::uint8_t compressed_with_hole, plain_with_hole;
  };
  // bimg_info: 1 hole; until 14: 2 compressed, 4 apply; from 15: 2 apply, 4 pglz, 8 lz4, 16 zstd.
  for (const Case& c : {Case{13, 0x07, 0x05}, Case{14, 0x07, 0x05}, Case{15, 0x07, 0x03}, Case{16, 0x0b, 0x03},
                        Case{17, 0x13, 0x03}, Case{18, 0x13, 0x03}}) {
    WalBuilder wal({.major = c.major});
    WalBuilder::Record record{.main_data = Bytes(300, 0x99), .block_data = Bytes(7 + 50 + 60)};
    append(record.fragments, block_header(0, 0x20, 7, {}, 16384, 11));
    append(record.fragments, block_header(2, 0x90, 0, image_header(50, c.compressed_with_hole, true), {}, 12));
    append(record.fragments, block_header(5, 0x52, 0, image_header(60, c.plain_with_hole, false), 16390, 13));
    append(record.fragments, Bytes{253, 1, 0});  // replication origin
    if (c.major >= 14) append(record.fragments, Bytes{252, 9, 0, 0, 0});
    wal.add(record);
    const auto out = walk(wal);
    ASSERT_EQ(out.seen.records.size(), 1u) << c.major << ": " << out.progress.end_reason;
    EXPECT_EQ(out.seen.records[0].main_data, Bytes(300, 0x99));
    const auto& blocks = out.seen.records[0].blocks;
    ASSERT_EQ(blocks.size(), 3u);
    EXPECT_EQ(blocks[0].relation, 16384u);
    EXPECT_FALSE(blocks[0].has_image);
    EXPECT_EQ(blocks[1].relation, 16384u);
    EXPECT_EQ(blocks[1].database, 5u);
    EXPECT_EQ(blocks[1].block, 12u);
    EXPECT_TRUE(blocks[1].has_image);
    EXPECT_EQ(blocks[2].relation, 16390u);
    EXPECT_EQ(blocks[2].fork, 2);
    EXPECT_EQ(blocks[2].tablespace, 1663u);
  }
}

TEST(WalWalker, RecordsNotBuiltLikeOne) {
  const Bytes first = block_header(0, 0x20, 7, {}, 16384, 11);
  const auto joined = [](Bytes a, const Bytes& b) {
    append(a, b);
    return a;
  };
  const std::vector<std::pair<Bytes, std::size_t>> bad{
      {block_header(0, 0x80, 0, {}, {}, 11), 0},                  // "as before" without one before
      {block_header(0, 0x20, 0, {}, 16384, 11), 0},               // data announced, none there
      {block_header(0, 0x00, 7, {}, 16384, 11), 7},               // data there, not announced
      {joined(first, block_header(0, 0x80, 0, {}, {}, 11)), 7},   // the same number twice
      {joined(first, block_header(33, 0x80, 0, {}, {}, 11)), 7},  // a number too high
      {first, 6},                                                 // too few data
      {first, 8},                                                 // too many
      {Bytes{251, 0, 0}, 0},                                      // an unknown fragment
  };
  for (const auto& [fragments, data_size] : bad) {
    WalBuilder wal;
    wal.add({.fragments = fragments, .main_data = Bytes(5), .block_data = Bytes(data_size)});
    const auto out = walk(wal);
    EXPECT_TRUE(out.seen.records.empty()) << to_hex(fragments);
    EXPECT_EQ(out.progress.end_reason, "the record at 0/300028 is not built like one");
  }
}

}  // namespace
}  // namespace owl::postgres
