#include "wal/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal/test_support.h"

namespace owl::wal {
namespace {

using test::key_of;
using test::segment_name;
using test::segment_size;
using testing::ElementsAre;

class ArchiveTest : public testing::Test {
 protected:
  static void put(storage::MemoryStore& store, const std::string& key, std::size_t size = 10) {
    store.put_once(key, Bytes(size));
  }
  Archive load() { return Archive::load(bench_.stores, test::system_id); }

  test::ArchiveBench bench_;
};

TEST_F(ArchiveTest, KnowsWhereEachFileStands) {
  put(*bench_.a, key_of(segment_name(1, 3)), 100);
  put(*bench_.b, key_of(segment_name(1, 3)), 100);
  put(*bench_.b, key_of(segment_name(2, 4)));
  put(*bench_.b, key_of("00000002.history"));
  const auto archive = load();
  EXPECT_THAT(archive.timelines(), ElementsAre(1, 2));
  const auto& file = archive.files(1).at(segment_name(1, 3));
  EXPECT_THAT(file.stores, testing::UnorderedElementsAre("a", "b"));
  EXPECT_EQ(file.size, 100u);
  EXPECT_EQ(file.copies, 1u);
  EXPECT_TRUE(archive.has(2, segment_name(2, 4)));
  EXPECT_TRUE(archive.has(2, "00000002.history"));
  EXPECT_FALSE(archive.has(1, segment_name(1, 4)));
  EXPECT_TRUE(archive.files(9).empty());
}

TEST_F(ArchiveTest, CopiesBesideADamagedObjectAreOneFile) {
  put(*bench_.a, key_of(segment_name(1, 3)), 100);
  put(*bench_.a, key_of(segment_name(1, 3), 1), 90);
  const auto archive = load();
  const auto& file = archive.files(1).at(segment_name(1, 3));
  EXPECT_EQ(file.copies, 2u);
  EXPECT_EQ(file.size, 100u);
  EXPECT_THAT(file.stores, ElementsAre("a"));
}

TEST_F(ArchiveTest, OtherClustersAndStrayObjectsAreNotPartOfIt) {
  put(*bench_.a, key_of(segment_name(1, 3)));
  put(*bench_.a, repository::keys::wal_object("43", segment_name(1, 4)));
  put(*bench_.a, "wal/42/00000001/note.txt");
  put(*bench_.a, "wal/43x/note.txt");
  EXPECT_EQ(load().files(1).size(), 1u);
  EXPECT_THAT(Archive::systems(bench_.stores), ElementsAre(42, 43));
}

TEST_F(ArchiveTest, RangesEndAtGaps) {
  for (const std::uint64_t number : {3u, 4u, 7u}) put(*bench_.a, key_of(segment_name(1, number)));
  for (const std::uint64_t number : {5u, 9u}) put(*bench_.b, key_of(segment_name(1, number)));
  put(*bench_.b, key_of(segment_name(1, 6) + ".partial"));
  put(*bench_.b, key_of(segment_name(1, 4) + ".00000028.backup"));
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& range : load().ranges(1, segment_size)) ranges.emplace_back(range.first, range.last);
  EXPECT_THAT(ranges, ElementsAre(std::pair(3, 5), std::pair(7, 7), std::pair(9, 9)));
}

/// With segments of 1 MiB the second part of a name counts up after 4096.
TEST_F(ArchiveTest, RangesGoOnOverTheBordersOfNames) {
  for (const std::uint64_t number : {4095u, 4096u, 4097u}) put(*bench_.a, key_of(segment_name(1, number)));
  const auto ranges = load().ranges(1, segment_size);
  ASSERT_EQ(ranges.size(), 1u);
  EXPECT_EQ(ranges[0].last, 4097u);
}

TEST_F(ArchiveTest, AStoreThatDoesNotAnswerDropsOut) {
  put(*bench_.a, key_of(segment_name(1, 3)));
  bench_.hooks.before = [](const auto& operation) {
    if (operation.store == "b") throw Error(ErrorKind::unreachable, "connection refused");
  };
  EXPECT_TRUE(load().has(1, segment_name(1, 3)));
  EXPECT_THAT(bench_.stores.dropped(), ElementsAre("b"));
}

}  // namespace
}  // namespace owl::wal
