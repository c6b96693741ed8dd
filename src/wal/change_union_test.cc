#include "wal/change_union.h"

#include "wal/wal_map_test_support.h"

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::RelationFile;
using postgres::WalBuilder;
namespace sample = postgres::sample;

constexpr RelationFile table{1663, 5, 16384}, other{1663, 5, 16400}, elsewhere{1700, 9, 16384};

std::vector<RelationFile> files_from(postgres::Oid first, std::size_t count) {
  std::vector<RelationFile> files;
  for (std::size_t i = 0; i < count; ++i) files.push_back({1663, 5, static_cast<postgres::Oid>(first + i)});
  return files;
}

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  std::uint32_t operator()(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }

 private:
  std::mt19937 random_;
};

/// One of all that there is, at random.
WalBuilder::Record any_record(Dice& random, int major) {
  const RelationFile file{1663, 5, 16384 + random(20)};
  const postgres::BlockNumber block = random(5000);
  const auto image = static_cast<sample::Image>(random(4));
  switch (random(14)) {
    case 0:
      return sample::relation_create(file, random(4));
    case 1:
      return sample::relation_truncate(file, block, random(8));
    case 2:
      return sample::transaction_end(
          {.operation = postgres::xact::commit, .dropped = files_from(20000 + block, random(30))}, major);
    case 3:
      return sample::transaction_end({.operation = postgres::xact::abort, .dropped = {file}}, major);
    case 4:
      return sample::transaction_end(
          {.operation = random(2) == 0 ? postgres::xact::commit_prepared : postgres::xact::abort_prepared,
           .xid = 900,
           .dropped = files_from(30000 + block, 3),
           .subtransactions = {7, 8}},
          major);
    case 5:
      return sample::database_create(16500 + random(3), 1663, random(2) == 0 || major < 15, major);
    case 6:
      return sample::database_drop(16600 + random(3), {1663, 1700}, major);
    case 7:
      return {.resource_manager = 21, .main_data = Bytes(random(60'000), sample::row_byte)};
    case 8:
      return {.resource_manager = 5, .info = 0x10, .main_data = sample::Data().u32(1700 + random(2))};
    default:
      return sample::with_blocks(
          random(2) == 0 ? 10 : 11, 0x20, 700, major,
          {{.file = file, .block = block, .fork = static_cast<std::uint8_t>(random(5) == 0 ? 2 : 0), .image = image},
           {.block = block + 1, .same_file = true, .data_size = static_cast<std::uint16_t>(random(200))},
           {.file = elsewhere, .block = block, .image = static_cast<sample::Image>(random(4))}});
  }
}

class UnionOf : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, UnionOf, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

TEST_P(UnionOf, SegmentsIsWhatOneWalkOverAllOfThemFinds) {
  const unsigned seed = 20261124 + static_cast<unsigned>(GetParam());
  Dice random(seed);
  WalBuilder wal({.major = GetParam()});
  const Lsn first = wal.add(any_record(random, GetParam()));
  while (wal.segments().size() < 12) wal.add(any_record(random, GetParam()));
  const Lsn last = wal.add_switch();
  const WholeWalk whole(wal.segments(), wal.id_of(0));
  ASSERT_FALSE(whole.progress.ended) << whole.progress.end_reason;

  const auto joined = DescribedWal(wal.segments(), wal.id_of(0)).united(first, last);
  EXPECT_TRUE(joined.complete()) << (joined.holes.empty() ? "" : joined.holes[0].reason) << " seed " << seed;
  EXPECT_EQ(joined.changes, whole.changes) << "seed " << seed;
}

/// Records that a border cuts at each place where it can: `make` gives what is put across it.
void expect_whole_at_every_border(int major, const WalBuilder::Record& record) {
  const auto size = WalBuilder().encode(record).size();
  for (std::size_t left = 8; left < std::min<std::size_t>(size, 700); left += 8) {
    WalBuilder wal({.major = major});
    const Lsn first = wal.add(sample::heap_insert(other, 3, major));
    wal.add_sized(WalBuilder::segment_size - 60'000);
    while (wal.position().value % WalBuilder::segment_size < WalBuilder::segment_size - WalBuilder::page_size)
      wal.add_sized(1000);
    wal.fill_page_until(left);
    const Lsn at = wal.add(record);
    ASSERT_EQ(at.value % WalBuilder::segment_size, WalBuilder::segment_size - left);
    wal.add(sample::heap_insert(other, 9, major));
    const Lsn last = wal.add_switch();

    const WholeWalk whole(wal.segments(), wal.id_of(0));
    ASSERT_FALSE(whole.progress.ended) << whole.progress.end_reason;
    const auto joined = DescribedWal(wal.segments(), wal.id_of(0)).united(first, last);
    ASSERT_TRUE(joined.complete()) << left << ": " << joined.holes[0].reason;
    ASSERT_EQ(joined.changes, whole.changes) << left;
    ASSERT_EQ(joined.holes.size(), whole.poison.empty() ? 0u : 1u);
  }
}

TEST_P(UnionOf, SegmentsWhoseBorderCutsARecordAnywhere) {
  const int major = GetParam();
  expect_whole_at_every_border(major, sample::heap_insert(table, 77, major, 500));
  expect_whole_at_every_border(
      major, sample::with_blocks(10, 0x20, 701, major,
                                 {{.file = table, .block = 1, .image = sample::Image::compressed, .data_size = 90},
                                  {.block = 2, .same_file = true, .image = sample::Image::with_hole}}));
  expect_whole_at_every_border(major, sample::relation_create(table));
  expect_whole_at_every_border(major, sample::relation_truncate(table, 5));
  expect_whole_at_every_border(major, sample::transaction_end({.dropped = files_from(20000, 40)}, major));
  expect_whole_at_every_border(
      major, sample::transaction_end({.operation = postgres::xact::abort, .dropped = {table}}, major));
  expect_whole_at_every_border(major, sample::database_drop(16500, {1663, 1700}, major));
}

TEST_P(UnionOf, ACommitOfManyDropsAndLongMessagesOverSegments) {
  const int major = GetParam();
  WalBuilder wal({.major = major});
  const Lsn first = wal.add(sample::heap_insert(table, 1, major));
  wal.add({.resource_manager = 21, .main_data = Bytes(20'000'000, sample::row_byte)});
  wal.add(sample::transaction_end({.dropped = files_from(50000, 300'000)}, major));  // 3.6 MB: a segment in its midst
  wal.add(sample::heap_insert(table, 2, major));
  const Lsn last = wal.add_switch();
  const DescribedWal described(wal.segments(), wal.id_of(0));
  const auto joined = described.united(first, last);
  ASSERT_TRUE(joined.complete()) << joined.holes[0].reason;
  EXPECT_EQ(joined.changes, WholeWalk(wal.segments(), wal.id_of(0)).changes);
  EXPECT_EQ(joined.changes.relations.size(), 300'001u);

  // The message's own bytes are nowhere.
  const Bytes row(4, sample::row_byte);
  for (const auto& segment : described.described) {
    WalInfo info;
    info.file_name = "000000010000000000000003";
    info.segment = segment;
    const Bytes bytes = serialize(info);
    EXPECT_TRUE(std::ranges::search(bytes, row).empty());
  }
}

/// Three segments: a record on each border, blocks 1 to 5 of `table`.
struct ThreeSegments {
  explicit ThreeSegments(int major = 15) : wal({.major = major}) {
    first = wal.add(sample::heap_insert(table, 1, major));
    fill();
    wal.add(sample::heap_insert(table, 2, major, 5000));
    middle = wal.add(sample::heap_insert(table, 3, major));
    fill();
    wal.add(sample::heap_insert(table, 4, major, 5000));
    wal.add(sample::heap_insert(table, 5, major));
    last = wal.add_switch();
  }
  void fill() {
    const std::uint64_t left = WalBuilder::segment_size - wal.position().value % WalBuilder::segment_size;
    wal.add_sized(left - 12'000);
    while (wal.position().value % WalBuilder::segment_size < WalBuilder::segment_size - WalBuilder::page_size)
      wal.add_sized(1000);
    wal.fill_page_until(160);
  }
  std::vector<ChangeMap> maps() { return DescribedWal(wal.segments(), wal.id_of(0)).stored_maps(); }

  WalBuilder wal;
  Lsn first, middle, last;
};

ChangeUnion united(const std::vector<ChangeMap>& maps, Lsn from, Lsn to) {
  std::vector<const ChangeMap*> pointers;
  for (const auto& map : maps) pointers.push_back(&map);
  return union_of(pointers, from, to);
}
std::vector<postgres::BlockNumber> blocks_of_table(const ChangeUnion& joined) {
  std::vector<postgres::BlockNumber> blocks;
  for (postgres::BlockNumber block = 0; block < 10; ++block) {
    if (joined.changes.covers(table, block)) blocks.push_back(block);
  }
  return blocks;
}

TEST(UnionOfMaps, IsWholeFromRecordToRecord) {
  ThreeSegments three;
  ASSERT_EQ(three.wal.segments().size(), 3u);
  const auto maps = three.maps();
  const auto all = united(maps, three.first, three.last);
  EXPECT_TRUE(all.complete());
  EXPECT_EQ(blocks_of_table(all), (std::vector<postgres::BlockNumber>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(united(maps, three.middle, three.last).complete());
  EXPECT_TRUE(united({maps[1], maps[2]}, three.middle, three.last).complete());
  EXPECT_TRUE(united({maps[0], maps[1]}, three.first, three.middle).complete());
  // The switch is the last of all: up to the next segment's first record nothing else follows.
  const Lsn after{(three.wal.id_of(3).number) * WalBuilder::segment_size + 40};
  EXPECT_TRUE(united(maps, three.first, after).complete());
  EXPECT_FALSE(united(maps, three.first, after + 8).complete());
}

TEST(UnionOfMaps, WithoutOneMapIsAHole) {
  ThreeSegments three;
  const auto maps = three.maps();
  const auto without_middle = united({maps[0], maps[2]}, three.first, three.last);
  ASSERT_EQ(without_middle.holes.size(), 1u);
  EXPECT_EQ(without_middle.holes[0].from, maps[0].out->start);
  EXPECT_EQ(without_middle.holes[0].to, maps[2].first);
  EXPECT_EQ(without_middle.holes[0].reason, "no map of the segment of 0/400000");

  const auto without_first = united({maps[1], maps[2]}, three.first, three.last);
  ASSERT_EQ(without_first.holes.size(), 1u);
  EXPECT_EQ(without_first.holes[0].from, three.first);
  EXPECT_EQ(without_first.holes[0].to, maps[1].first);
  EXPECT_EQ(without_first.holes[0].reason,
            "the first map tells of " + postgres::to_text(maps[1].first) + " and what follows");

  const auto without_last = united({maps[0], maps[1]}, three.first, three.last);
  ASSERT_EQ(without_last.holes.size(), 1u);
  EXPECT_EQ(without_last.holes[0].from, maps[1].out->start);
  EXPECT_EQ(without_last.holes[0].to, three.last);
  EXPECT_EQ(without_last.holes[0].reason, "the maps end at " + postgres::to_text(maps[1].out->start));

  const auto without_any = united({}, three.first, three.last);
  ASSERT_EQ(without_any.holes.size(), 1u);
  EXPECT_EQ(without_any.holes[0].reason, "no map tells of it");
}

TEST(UnionOfMaps, OutOfOrderIsAHole) {
  ThreeSegments three;
  const auto maps = three.maps();
  const auto joined = united({maps[0], maps[1], maps[2], maps[1]}, three.first, three.last);
  ASSERT_FALSE(joined.complete());
  EXPECT_EQ(joined.holes[0].reason, "the maps are not in the order of their segments");
}

TEST(UnionOfMaps, ABrokenChainIsAHole) {
  ThreeSegments three;
  for (const int which : {0, 1, 2, 3, 4, 5, 6, 7, 8}) {
    auto maps = three.maps();
    if (which == 0) maps[1].first_previous = {maps[1].first_previous.value - 8};
    if (which == 1) maps[1].in.reset();
    if (which == 2) maps[0].out.reset();
    if (which == 3) maps[1].in->part.rest_crc ^= 1;
    if (which == 4) maps[1].in->remaining -= 8;
    if (which == 5) maps[0].out->kept[30] ^= 1;
    if (which == 6) maps[1].in->part.size -= 8;
    if (which == 8) maps[0].last = {maps[0].last.value - 8};
    if (which == 7) maps[1].in->dropped = true;  // then its first record names another before it
    const auto joined = united(maps, three.first, three.last);
    ASSERT_FALSE(joined.complete()) << which;
    EXPECT_GE(joined.holes[0].from, three.first);
    EXPECT_LE(joined.holes[0].to, maps[1].first);
  }
}

TEST(UnionOfMaps, MapsOfAnotherHistoryDoNotChain) {
  ThreeSegments three;
  WalBuilder dead;
  dead.add(sample::heap_insert(table, 1, 15, 90));
  while (dead.segments().size() < 3) dead.add(sample::heap_insert(table, 2, 15, 6000));
  auto maps = three.maps();
  maps[1] = DescribedWal(dead.segments(), dead.id_of(0)).stored_maps()[1];
  EXPECT_FALSE(united(maps, three.first, three.last).complete());
}

/// As after pg_resetwal, which lets nothing be known of what came before, though the segments follow each other.
TEST(UnionOfMaps, WalThatBeginsAnewIsAHole) {
  WalBuilder before, after({.first_segment = 4});
  for (int i = 0; i < 3; ++i) before.add(sample::heap_insert(table, 1, 15, 90));
  before.add_switch();
  const Lsn to = (after.add(sample::heap_insert(table, 2, 15, 90)), after.add(sample::heap_insert(table, 3, 15, 90)));
  const auto first = DescribedWal(before.segments(), before.id_of(0)).stored_maps()[0];
  const auto second = DescribedWal(after.segments(), after.id_of(0)).stored_maps()[0];
  const auto joined = united({first, second}, first.first, to);
  ASSERT_FALSE(joined.complete());
  EXPECT_NE(joined.holes[0].reason.find("the WAL begins anew"), std::string::npos) << joined.holes[0].reason;
}

TEST(UnionOfMaps, WhatARecordBeforeTheFirstMapDidIsNotAskedFor) {
  ThreeSegments three;
  const auto maps = three.maps();
  const auto joined = united({maps[1], maps[2]}, maps[1].first, three.last);
  EXPECT_TRUE(joined.complete());
  EXPECT_EQ(blocks_of_table(joined), (std::vector<postgres::BlockNumber>{3, 4, 5}));
}

TEST(UnionOfMaps, OfABorderThatNobodyResolvedIsAHoleUnlessNothingWasLost) {
  ThreeSegments three;
  const auto joined = DescribedWal(three.wal.segments(), three.wal.id_of(0), false).united(three.first, three.last);
  // 160 bytes before the border: all headers of the row's record came before it, and the row means nothing.
  EXPECT_TRUE(joined.complete());

  WalBuilder wal;
  const Lsn first = wal.add(sample::heap_insert(table, 1, 15));
  wal.add_sized(WalBuilder::segment_size - 30'000);
  while (wal.position().value % WalBuilder::segment_size < WalBuilder::segment_size - WalBuilder::page_size)
    wal.add_sized(1000);
  wal.fill_page_until(40);
  const Lsn crossing = wal.add(sample::heap_insert(table, 2, 15, 500));
  const Lsn last = wal.add_switch();
  const auto cut = DescribedWal(wal.segments(), wal.id_of(0), false).united(first, last);
  ASSERT_EQ(cut.holes.size(), 1u);
  EXPECT_EQ(cut.holes[0].from, crossing);
  EXPECT_EQ(cut.holes[0].reason,
            "the record at " + postgres::to_text(crossing) + " can't be put together over the border at 0/400000");
  EXPECT_TRUE(DescribedWal(wal.segments(), wal.id_of(0)).united(first, last).complete());
}

TEST(UnionOfMaps, ARecordThatACrashCutOffAtABorderIsLeftOut) {
  WalBuilder wal;
  const Lsn first = wal.add(sample::heap_insert(table, 1, 15));
  wal.add_sized(WalBuilder::segment_size - 30'000);
  while (wal.position().value % WalBuilder::segment_size < WalBuilder::segment_size - WalBuilder::page_size)
    wal.add_sized(1000);
  wal.fill_page_until(80);
  wal.add_cut_off(50'000);
  wal.add({.resource_manager = 0,
           .info = postgres::xlog::overwrite_contrecord,
           .xid = 0,
           .main_data = sample::Data().u64(1).u64(1)});
  wal.add(sample::heap_insert(table, 3, 15));
  const Lsn last = wal.add_switch();
  const DescribedWal described(wal.segments(), wal.id_of(0));
  ASSERT_TRUE(described.described[0].map->out);
  ASSERT_TRUE(described.described[1].map->in);
  EXPECT_TRUE(described.described[1].map->in->dropped);
  const auto joined = described.united(first, last);
  EXPECT_TRUE(joined.complete()) << (joined.holes.empty() ? "" : joined.holes[0].reason);
  EXPECT_EQ(blocks_of_table(joined), (std::vector<postgres::BlockNumber>{1, 3}));
}

TEST(UnionOfMaps, ASwitchWhoseRecordCrossesTheBorderEmptiesTheNextSegment) {
  for (const std::size_t left : std::initializer_list<std::size_t>{8, 16}) {
    WalBuilder wal;
    const Lsn first = wal.add(sample::heap_insert(table, 1, 15));
    wal.add_sized(WalBuilder::segment_size - 30'000);
    while (wal.position().value % WalBuilder::segment_size < WalBuilder::segment_size - WalBuilder::page_size)
      wal.add_sized(1000);
    wal.fill_page_until(left);
    wal.add_switch();
    wal.add(sample::heap_insert(table, 2, 15));
    const Lsn last = wal.add_switch();
    ASSERT_EQ(wal.segments().size(), 3u);
    const auto joined = DescribedWal(wal.segments(), wal.id_of(0)).united(first, last);
    EXPECT_TRUE(joined.complete()) << left << ' ' << (joined.holes.empty() ? "" : joined.holes[0].reason);
    EXPECT_EQ(blocks_of_table(joined), (std::vector<postgres::BlockNumber>{1, 2}));
  }
}

TEST(UnionOfMaps, PoisonIsAHoleWhereItLies) {
  for (const auto& record : {sample::parameter_change(0), WalBuilder::Record{.resource_manager = 11, .info = 0x01}}) {
    WalBuilder wal;
    const Lsn first = wal.add(sample::heap_insert(table, 1, 15));
    const Lsn poison = wal.add(record);
    const Lsn after = wal.add(sample::heap_insert(table, 2, 15));
    const Lsn last = wal.add_switch();
    const DescribedWal described(wal.segments(), wal.id_of(0));
    const auto joined = described.united(first, last);
    ASSERT_EQ(joined.holes.size(), 1u);
    EXPECT_EQ(joined.holes[0].from, poison);
    EXPECT_EQ(joined.holes[0].reason, record.resource_manager == 0
                                          ? "wal_level was minimal at " + postgres::to_text(poison)
                                          : "the record at " + postgres::to_text(poison) +
                                                " changes relations in a way that is not known here");
    EXPECT_TRUE(described.united(first, poison).complete());
    EXPECT_TRUE(described.united(after, last).complete());
  }
}

TEST(UnionOfMaps, WalThatEndsInASegmentIsAHoleFromThere) {
  WalBuilder wal;
  const Lsn first = wal.add(sample::heap_insert(table, 1, 15));
  const Lsn end = wal.position();
  const DescribedWal described(wal.segments(), wal.id_of(0));
  EXPECT_TRUE(described.united(first, end).complete());
  const auto joined = described.united(first, end + 8);
  ASSERT_FALSE(joined.complete());
  EXPECT_EQ(joined.holes[0].from, end);
  EXPECT_EQ(joined.holes[0].reason, "no record can be read at " + postgres::to_text(end));
}

TEST(UnionOfMaps, FullPageWritesOffHarmsNoMapAndIsTold) {
  WalBuilder wal;
  const Lsn first = wal.add(sample::heap_insert(table, 1, 15));
  const Lsn off = wal.add(
      {.resource_manager = 0, .info = postgres::xlog::full_page_writes_change, .xid = 0, .main_data = Bytes(1, 0)});
  const Lsn last = wal.add_switch();
  const auto joined = DescribedWal(wal.segments(), wal.id_of(0)).united(first, last);
  EXPECT_TRUE(joined.complete());
  EXPECT_EQ(joined.full_page_writes_off, off);
}

}  // namespace
}  // namespace owl::wal
