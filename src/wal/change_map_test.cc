#include "wal/change_map.h"

#include "wal/wal_map_test_support.h"

namespace owl::wal {
namespace {

using postgres::RelationFile;
using postgres::WalBuilder;
namespace sample = postgres::sample;

constexpr RelationFile table{1663, 5, 16384}, other{1663, 5, 16400};

ChangedBlocks changes_of(const std::vector<WalBuilder::Record>& records, int major = 15) {
  WalBuilder wal({.major = major});
  for (const auto& record : records) wal.add(record);
  return WholeWalk(wal.segments(), wal.id_of(0)).changes;
}

TEST(ChangedBlocks, AreThoseOfMainForksOfAnyResourceManager) {
  for (const std::uint8_t manager :
       std::initializer_list<std::uint8_t>{0, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 128, 255}) {
    const auto changes = changes_of({sample::with_blocks(manager, manager == 0 ? 0xb0 : 0x00, 700, 15,
                                                         {{.file = table, .block = 7},
                                                          {.block = 8, .fork = 1, .same_file = true},
                                                          {.block = 9, .fork = 2, .same_file = true},
                                                          {.block = 10, .fork = 3, .same_file = true},
                                                          {.file = other, .block = 11, .image = sample::Image::whole}},
                                                         Bytes(12, 0))});
    ASSERT_EQ(changes.relations.size(), 2u) << int{manager};
    EXPECT_EQ(changes.block_count(), 2u);
    EXPECT_TRUE(changes.covers(table, 7) && changes.covers(other, 11));
    EXPECT_FALSE(changes.limit_of(table));
  }
}

TEST(ChangedBlocks, HoldEveryReferenceAndNoOther) {
  std::mt19937 random(20261124);
  for (int major = 13; major <= 18; ++major) {
    std::map<RelationFile, std::set<postgres::BlockNumber>> expected;
    std::vector<WalBuilder::Record> records;
    for (int i = 0; i < 2500; ++i) {
      std::vector<sample::Block> blocks;
      for (unsigned k = 0; k <= random() % 3; ++k) {
        const RelationFile file{1663, 5, static_cast<postgres::Oid>(16384 + random() % 9)};
        const auto block = static_cast<postgres::BlockNumber>(random() % 1'000'000);
        const auto fork = static_cast<std::uint8_t>(random() % 4 == 0 ? 1 + random() % 3 : 0);
        blocks.push_back({.file = file,
                          .block = block,
                          .fork = fork,
                          .image = i % 50 == 0 ? sample::Image::compressed : sample::Image::none});
        if (fork == 0) expected[file].insert(block);
      }
      records.push_back(sample::with_blocks(10, 0x20, 700, major, blocks));
    }
    const auto changes = changes_of(records, major);
    ASSERT_EQ(changes.relations.size(), expected.size());
    for (const auto& [file, blocks] : expected) {
      ASSERT_EQ(changes.relations.at(file).blocks.count(), blocks.size()) << major;
      for (const auto block : blocks) ASSERT_TRUE(changes.covers(file, block)) << major;
    }
  }
}

TEST(ChangedBlocks, ALimitOnlyEverFalls) {
  const auto cut = [](postgres::BlockNumber to, std::uint32_t flags = 7) {
    return sample::relation_truncate(table, to, flags);
  };
  EXPECT_EQ(changes_of({cut(50), cut(80)}).limit_of(table), 50u);
  EXPECT_EQ(changes_of({cut(80), cut(50)}).limit_of(table), 50u);
  EXPECT_EQ(changes_of({cut(50, 6)}).limit_of(table), std::nullopt);  // of the other forks only
  EXPECT_EQ(changes_of({cut(50), sample::relation_create(table, 2)}).limit_of(table), 50u);
  EXPECT_EQ(changes_of({cut(50), sample::relation_create(table)}).limit_of(table), 0u);
  EXPECT_EQ(changes_of({sample::relation_create(table), cut(50)}).limit_of(table), 0u);
  const auto changes = changes_of({cut(50)});
  EXPECT_TRUE(changes.covers(table, 50) && changes.covers(table, 0xffffffff));
  EXPECT_FALSE(changes.covers(table, 49));
}

TEST(ChangedBlocks, WhatTransactionsDropBeginsAnew) {
  for (int major = 13; major <= 18; ++major) {
    for (const auto operation : {postgres::xact::commit, postgres::xact::abort, postgres::xact::commit_prepared,
                                 postgres::xact::abort_prepared}) {
      const auto changes =
          changes_of({sample::transaction_end({.operation = operation, .dropped = {table, other}}, major)}, major);
      EXPECT_EQ(changes.limit_of(table), 0u) << major;
      EXPECT_EQ(changes.limit_of(other), 0u) << major;
    }
  }
}

TEST(ChangedBlocks, DatabasesAndTablespacesBeginAnewAsAWhole) {
  for (int major = 13; major <= 18; ++major) {
    const auto created = changes_of({sample::database_create(5, 1663, true, major)}, major);
    EXPECT_EQ(created.limit_of(table), 0u) << major;
    EXPECT_FALSE(created.limit_of({1663, 6, 16384}));
    EXPECT_FALSE(created.limit_of({1700, 5, 16384}));
    if (major >= 15) {
      EXPECT_EQ(changes_of({sample::database_create(5, 1663, false, major)}, major).limit_of(table), 0u);
    }
    const auto dropped = changes_of({sample::database_drop(5, {1700, 1663}, major)}, major);
    EXPECT_EQ(dropped.limit_of(table), 0u) << major;
    EXPECT_EQ(dropped.limit_of({1700, 5, 1}), 0u) << major;
    const auto tablespace =
        changes_of({{.resource_manager = 5, .info = 0x10, .main_data = sample::Data().u32(1663)}}, major);
    EXPECT_EQ(tablespace.limit_of(table), 0u);
    EXPECT_FALSE(tablespace.limit_of({1664, 5, 16384}));
  }
}

TEST(ChangedBlocks, MinimalWalIsToldByWhateverTellsIt) {
  const auto poison_of = [](int major, const WalBuilder::Record& record) {
    WalBuilder wal({.major = major});
    wal.add(record);
    return WholeWalk(wal.segments(), wal.id_of(0)).poison;
  };
  for (int major = 13; major <= 18; ++major) {
    EXPECT_EQ(poison_of(major, sample::parameter_change(0)).size(), 1u);
    EXPECT_TRUE(poison_of(major, sample::parameter_change(1)).empty());
    EXPECT_TRUE(poison_of(major, sample::parameter_change(2)).empty());
    for (const auto& [info, offset] : {std::pair<std::uint8_t, std::size_t>{0x00, 20}, {0x90, 16}, {0xe0, 0}}) {
      for (const std::uint32_t level : {0u, 1u, 2u}) {
        const auto poison = poison_of(major, {.resource_manager = 0,
                                              .info = info,
                                              .xid = 0,
                                              .main_data = sample::Data().zeros(offset).u32(level).zeros(60)});
        EXPECT_EQ(poison.size(), major >= 17 && level == 0 ? 1u : 0u) << major << ' ' << int{info};
      }
    }
  }
}

/// A map with something of everything.
ChangeMap full_map() {
  WalBuilder wal;
  wal.add(sample::relation_create(other));
  wal.add(sample::relation_truncate({1663, 5, 16401}, 12));
  for (postgres::BlockNumber block = 0; block < 40; ++block) wal.add(sample::heap_insert(table, block * block, 15));
  wal.add(sample::database_create(16500, 1663, true, 15));
  wal.add(sample::database_drop(16500, {1663, 1700}, 15));
  wal.add({.resource_manager = 5, .info = 0x10, .main_data = sample::Data().u32(1663)});
  wal.add(sample::parameter_change(0));
  wal.add({.resource_manager = 0, .info = 0x80, .xid = 0, .main_data = Bytes(1, 0)});
  wal.add_sized(900'000);
  wal.add(sample::transaction_end({.dropped = std::vector<RelationFile>(20'000, other)}, 15));
  wal.add(sample::transaction_end({.dropped = std::vector<RelationFile>(90'000, table)}, 15));
  const DescribedWal described(wal.segments(), wal.id_of(0));
  auto map = *described.described[1].map;
  map.changes = described.described[0].map->changes;
  map.poison = described.described[0].map->poison;
  map.full_page_writes_off = described.described[0].map->full_page_writes_off;
  map.out->kept.resize(500);
  map.in->part.kept.resize(400);
  return map;
}

WalInfo info_with(const ChangeMap& map) {
  WalInfo info;
  info.file_name = "000000010000000000000003";
  info.segment.major = map.major;
  info.segment.segment_size = map.segment_size;
  info.segment.map = map;
  info.segment.events.emplace();
  return info;
}

TEST(ChangeMapFormat, ComesBackAsItWas) {
  const auto map = full_map();
  ASSERT_TRUE(map.in && map.out);
  ASSERT_FALSE(map.poison.empty());
  const auto back = parse_wal_info(serialize(info_with(map)));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(*back->segment.map, map);
}

TEST(ChangeMapFormat, NoPrefixIsAnotherMap) {
  const auto map = full_map();
  const auto bytes = serialize(info_with(map));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto back = parse_wal_info(ByteView(bytes).first(size));
    if (!back || !back->segment.map) continue;
    EXPECT_EQ(*back->segment.map, map) << size;  // cut behind it
  }
}

TEST(ChangeMapFormat, OneSectionWithoutTheOtherIsRefused) {
  const auto bytes = serialize(info_with(full_map()));
  BinaryReader in(bytes);
  Bytes without_changes;
  BinaryWriter out(without_changes);
  while (in.remaining() > 0) {
    const auto tag = in.u8();
    const auto section = in.bytes();
    if (tag == 8) continue;
    out.u8(tag);
    out.bytes(section);
  }
  const auto back = parse_wal_info(without_changes);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().message(), "a WAL object's change map is not whole");
}

TEST(ChangeMapFormat, SectionsComeOnce) {
  auto bytes = serialize(info_with(full_map()));
  append(bytes, Bytes{9, 0});
  const auto back = parse_wal_info(bytes);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().message(), "a WAL object's info has two sections 9");
}

TEST(ChangeMapFormat, PositionsOutsideTheSegmentAreRefused) {
  for (const int which : {0, 1, 2, 3, 4, 5}) {
    auto map = full_map();
    if (which == 0) map.segment_start = {map.segment_start.value + 8};
    if (which == 1) map.first = {map.segment_start.value + map.segment_size};
    if (which == 2) map.last = {map.segment_start.value - 8};
    if (which == 3) map.end = {map.segment_start.value + map.segment_size + 8};
    if (which == 4) map.page_size = 0;
    if (which == 5) map.out->start = {map.out->start.value - 8};
    EXPECT_FALSE(parse_wal_info(serialize(info_with(map)))) << which;
  }
}

TEST(ChangeMapFormat, IsSmall) {
  // A thousand pages of a table at random take little more than a byte each, and a load in a row next to nothing.
  std::mt19937 random(20261124);
  std::vector<WalBuilder::Record> records;
  for (int i = 0; i < 1000; ++i)
    records.push_back(sample::heap_insert(table, static_cast<std::uint32_t>(random() % 50'000), 15));
  for (postgres::BlockNumber block = 0; block < 1000; ++block) records.push_back(sample::heap_insert(other, block, 15));
  Bytes bytes;
  BinaryWriter out(bytes);
  write_changes(changes_of(records), out);
  EXPECT_LT(bytes.size(), 1900u);
}

}  // namespace
}  // namespace owl::wal
