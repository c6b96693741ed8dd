#include <gtest/gtest.h>

#include "repository/index.h"
#include "repository/pack_table.h"
#include "storage/test_support.h"

namespace owl::repository {
namespace {

TEST(DedupIndex, FindsWhatWasAddedAndNothingElse) {
  storage::FakeRandom random(3);
  DedupIndex index;
  std::vector<crypto::BlobName> names;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    names.push_back(random.array<16>());
    index.add(names.back(), {i / 100, i % 100}, i);
  }
  EXPECT_EQ(index.size(), names.size());
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    const auto place = index.find(names[i], i);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->pack, i / 100);
    EXPECT_EQ(place->entry, i % 100);
    EXPECT_FALSE(index.find(names[i], i + 1)) << "another plain size is another blob";
    EXPECT_FALSE(index.find(random.array<16>(), i));
  }
}

TEST(DedupIndex, TheFirstPlaceStands) {
  DedupIndex index;
  EXPECT_FALSE(index.find({}, 0));
  index.add({}, {1, 2}, 3);
  index.add({}, {4, 5}, 3);
  EXPECT_EQ(index.size(), 1U);
  EXPECT_EQ(index.find({}, 3)->pack, 1U);
}

TEST(DedupIndex, NamesThatFallOnTheSameSlotAreKeptApart) {
  DedupIndex index;
  for (std::uint8_t i = 0; i < 200; ++i) {
    crypto::BlobName name{};  // the hash is in the first eight bytes
    name[15] = i;
    index.add(name, {i, 0}, 1);
  }
  for (std::uint8_t i = 0; i < 200; ++i) {
    crypto::BlobName name{};
    name[15] = i;
    EXPECT_EQ(index.find(name, 1)->pack, i);
  }
}

TEST(PackTable, NumbersPacksOnceAndKeepsReferencesGood) {
  PackTable table;
  PackRef known;
  known.id.fill(1);
  const auto first = table.add(known);
  EXPECT_EQ(table.add(known), first);
  const auto& reference = table.at(first);
  const auto begun = table.begin();
  for (int i = 0; i < 1000; ++i) table.begin();
  PackRef whole;
  whole.id.fill(2);
  table.finish(begun, whole);
  EXPECT_EQ(table.at(begun), whole);
  EXPECT_EQ(table.add(whole), begun);
  EXPECT_EQ(&reference, &table.at(first));
}

TEST(PackTableDeathTest, APackThatIsNotStoredHasNoIdYet) {
  PackTable table;
  const auto begun = table.begin();
  EXPECT_DEATH(table.at(begun), "flush_data comes first");
  EXPECT_DEATH(table.at(7), "");
}

}  // namespace
}  // namespace owl::repository
