#include "cluster/listing.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <thread>

#include "os/test_support.h"

namespace owl::cluster {
namespace {

/// Paths ascend; everything else is anything.
std::vector<ListedFile> any_files(std::size_t count) {
  std::mt19937_64 random(5);
  std::vector<ListedFile> files;
  for (std::size_t i = 0; i < count; ++i) {
    ListedFile file;
    file.path = "base/5/" + std::to_string(1'000'000 + i) + std::string(random() % 40, '_');
    file.is_folder = random() % 9 == 0;
    file.is_relation = random() % 2 == 0;
    file.is_ragged = random() % 3 == 0;
    file.mode = static_cast<std::uint32_t>(random() % 07777);
    file.size = random() >> random() % 64;
    file.modified.micros = static_cast<std::int64_t>(random() >> 1) * (random() % 8 == 0 ? -1 : 1) / 4;
    file.first_block = static_cast<std::uint32_t>(random());
    file.mark = random() % 2 == 0 ? random() : 0;
    files.push_back(file);
  }
  return files;
}

void expect_same(const ListedFile& a, const ListedFile& b) {
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.is_folder, b.is_folder);
  EXPECT_EQ(a.is_relation, b.is_relation);
  EXPECT_EQ(a.is_ragged, b.is_ragged);
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.modified, b.modified);
  EXPECT_EQ(a.first_block, b.first_block);
  EXPECT_EQ(a.mark, b.mark);
}

TEST(Listing, GivesBackEveryFileInAnyOrder) {
  const auto files = any_files(1000);
  for (const std::size_t count : {0u, 1u, 63u, 64u, 65u, 128u, 1000u}) {
    const Listing listing{std::span<const ListedFile>(files).first(count)};
    ASSERT_EQ(listing.size(), count);
    ListingReader reader(listing);
    for (std::size_t i = 0; i < count; ++i) expect_same(reader[i], files[i]);
    for (std::size_t i = count; i-- > 0;) expect_same(reader[i], files[i]);
  }
}

TEST(Listing, OfManyFilesIsInAFileWithoutAName) {
  const os::test::TemporaryFolder folder;
  const auto files = any_files(5000);
  Listing listing({folder / "state", 10'000});
  std::uint64_t bytes = 0;
  for (const auto& file : files) {
    listing.add(file);
    bytes += file.size;
  }
  EXPECT_TRUE(listing.in_file());
  EXPECT_TRUE(std::filesystem::is_empty(folder / "state"));
  EXPECT_EQ(listing.bytes(), bytes);
  const auto moved = std::move(listing);
  std::vector<std::jthread> threads;  // as workers do
  for (std::size_t start = 0; start < 4; ++start) {
    threads.emplace_back([&, start] {
      ListingReader reader(moved);
      for (std::size_t i = start; i < files.size(); i += 4) expect_same(reader[i], files[i]);
    });
  }
}

TEST(Listing, KnowsWhetherPgControlComesLast) {
  Listing listing;
  EXPECT_FALSE(listing.holds_control());
  listing.add({"postgresql.conf", false, false, 0600, 10});
  EXPECT_FALSE(listing.holds_control());
  EXPECT_EQ(listing.size_without_control(), 1u);
  listing.add({std::string(control_path), false, false, 0600, 8192});
  EXPECT_TRUE(listing.holds_control());
  EXPECT_EQ(listing.size(), 2u);
  EXPECT_EQ(listing.size_without_control(), 1u);
}

TEST(ListingDeathTest, FilesOutOfOrderAreAFaultOfTheProgram) {
  Listing listing;
  listing.add({"b"});
  EXPECT_DEATH(listing.add({"a"}), "order of their paths");
  EXPECT_DEATH(listing.add({"b"}), "order of their paths");
}

}  // namespace
}  // namespace owl::cluster
