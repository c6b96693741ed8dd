#include "repository/dedup_index.h"

#include <gtest/gtest.h>

#include "os/test_support.h"
#include "repository/pack_table.h"
#include "storage/test_support.h"

namespace owl::repository {
namespace {

/// In memory, and in a file from 64 KiB on.
class DedupIndexIn : public testing::TestWithParam<bool> {
 protected:
  os::test::TemporaryFolder folder;
  DedupIndex index{GetParam() ? DedupIndex::Limits{64 << 10, folder / "state"} : DedupIndex::Limits{}};
};

TEST_P(DedupIndexIn, FindsWhatWasAddedAndNothingElse) {
  storage::FakeRandom random(3);
  std::vector<crypto::BlobName> names;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    names.push_back(random.array<16>());
    index.add(names.back(), {i / 100, i % 100}, i);
  }
  EXPECT_EQ(index.size(), names.size());
  EXPECT_EQ(index.in_file(), GetParam());
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    ASSERT_EQ(index.find(names[i], i), (BlobPlace{i / 100, i % 100}));
    EXPECT_FALSE(index.find(names[i], i + 1)) << "another plain size is another blob";
    EXPECT_FALSE(index.find(random.array<16>(), i));
  }
  if (GetParam()) {
    EXPECT_TRUE(std::filesystem::is_empty(folder / "state")) << "its file has no name";
  }
}

TEST_P(DedupIndexIn, TheFirstPlaceThatIsNotExcludedStands) {
  EXPECT_FALSE(index.find({}, 0));
  index.add({}, {1, 2}, 3);
  index.add({}, {4, 5}, 3);
  EXPECT_EQ(index.find({}, 3), (BlobPlace{1, 2}));
  index.exclude(1);
  EXPECT_EQ(index.find({}, 3), (BlobPlace{4, 5}));
  index.exclude(9);
  index.exclude(4);
  EXPECT_FALSE(index.find({}, 3));
  index.include(4);
  index.include(1000);
  EXPECT_EQ(index.find({}, 3), (BlobPlace{4, 5}));
}

TEST_P(DedupIndexIn, NamesThatFallOnTheSameBucketAreKeptApart) {
  const auto name = [](std::uint32_t i, std::uint8_t hash) {  // the hash is in the first eight bytes
    crypto::BlobName out{};
    out.fill(hash);
    out[14] = static_cast<std::uint8_t>(i >> 8);
    out[15] = static_cast<std::uint8_t>(i);
    return out;
  };
  for (std::uint32_t i = 0; i < 2000; ++i) index.add(name(i, i % 2 == 0 ? 0 : 0xff), {i, 0}, 1);
  for (std::uint32_t i = 0; i < 2000; ++i) {
    EXPECT_EQ(index.find(name(i, i % 2 == 0 ? 0 : 0xff), 1), (BlobPlace{i, 0}))
        << "the last bucket goes on in the first";
  }
}

INSTANTIATE_TEST_SUITE_P(Where, DedupIndexIn, testing::Values(false, true),
                         [](const auto& where) { return where.param ? "File" : "Memory"; });

TEST(DedupIndex, AFolderThatCantBeWrittenToIsNamed) {
  DedupIndex index({64 << 10, "/proc/no-such-folder"});
  storage::FakeRandom random(3);
  try {
    for (std::uint32_t i = 0; i < 50'000; ++i) index.add(random.array<16>(), {i, 0}, 1);
    FAIL() << "nowhere to write";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/proc/no-such-folder"), std::string::npos) << error.what();
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
