#include "wal/block_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace owl::wal {
namespace {

BlockSet set_of(std::initializer_list<postgres::BlockNumber> blocks) {
  BlockCollector collector;
  for (const auto block : blocks) collector.add(block);
  return collector.take();
}

Bytes written(const BlockSet& set) {
  Bytes bytes;
  BinaryWriter out(bytes);
  set.write(out);
  return bytes;
}

TEST(BlockSet, JoinsNeighboursAndForgetsRepeats) {
  const auto set = set_of({5, 6, 4, 9, 5, 100, 99, 8});
  EXPECT_EQ((std::vector<BlockRun>(set.runs().begin(), set.runs().end())),
            (std::vector<BlockRun>{{4, 6}, {8, 9}, {99, 100}}));
  EXPECT_EQ(set.count(), 7u);
  EXPECT_TRUE(set.contains(4) && set.contains(6) && set.contains(100));
  EXPECT_FALSE(set.contains(3) || set.contains(7) || set.contains(101) || BlockSet().contains(0));
}

TEST(BlockSet, ReachesToTheLastBlockThereCanBe) {
  const auto set = set_of({0xffffffff, 0xfffffffe, 0});
  EXPECT_EQ(set.count(), 3u);
  EXPECT_TRUE(set.contains(0xffffffff));
  const auto bytes = written(set);
  BinaryReader in(bytes);
  EXPECT_EQ(BlockSet::read(in), set);
  EXPECT_TRUE(in.finish("a set"));
}

TEST(BlockSet, HoldsWhatAnOrdinarySetHolds) {
  std::mt19937 random(20261124);
  for (int round = 0; round < 40; ++round) {
    const std::uint32_t range = 1u << (random() % 24 + 1);
    const std::size_t count = random() % 20'000;
    std::set<postgres::BlockNumber> expected;
    BlockCollector collector;
    for (std::size_t i = 0; i < count; ++i) {
      const postgres::BlockNumber block = static_cast<postgres::BlockNumber>(random() % range);
      expected.insert(block);
      collector.add(block);
    }
    const auto set = collector.take();
    ASSERT_EQ(set.count(), expected.size());
    for (const auto block : expected) ASSERT_TRUE(set.contains(block));
    for (std::size_t i = 1; i < set.runs().size(); ++i) ASSERT_GT(set.runs()[i].first, set.runs()[i - 1].last + 1);

    const auto bytes = written(set);
    BinaryReader in(bytes);
    ASSERT_EQ(BlockSet::read(in), set);
    ASSERT_TRUE(in.finish("a set"));
  }
}

TEST(BlockSet, UnitesSets) {
  BlockCollector collector;
  for (const auto& set : {set_of({1, 2, 3}), set_of({50}), set_of({4, 49}), set_of({2})}) collector.add(set);
  EXPECT_EQ(collector.take(), set_of({1, 2, 3, 4, 49, 50}));
}

TEST(BlockSet, MemoryFollowsTheSetNotTheCalls) {
  BlockCollector collector;
  for (std::uint32_t i = 0; i < 3'000'000; ++i) collector.add((i * 7919) % 1000 * 2);
  EXPECT_EQ(collector.take().runs().size(), 1000u);
}

TEST(BlockSet, RefusesWhatIsCutShortOrLeavesTheRange) {
  const auto bytes = written(set_of({3, 9, 10, 11, 70000}));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto prefix = ByteView(bytes).first(size);
    BinaryReader in(prefix);
    (void)BlockSet::read(in);
    EXPECT_FALSE(in.ok()) << size;
  }
  for (const std::uint64_t step : {std::uint64_t{0x1'0000'0000} << 1, std::uint64_t{0xffffffff} << 1 | 1}) {
    Bytes wrong;
    BinaryWriter out(wrong);
    out.varint(1);
    out.varint(step);
    out.varint(0);
    BinaryReader in(wrong);
    (void)BlockSet::read(in);
    EXPECT_FALSE(in.ok());
  }
}

}  // namespace
}  // namespace owl::wal
