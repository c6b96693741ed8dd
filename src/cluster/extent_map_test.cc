#include "cluster/extent_map.h"

#include <gtest/gtest.h>

namespace owl::cluster {
namespace {

ExtentLeaf sample() {
  ExtentLeaf leaf;
  repository::PackRef pack;
  pack.id.fill(7);
  pack.month = 202611;
  pack.size = 1000;
  pack.directory_size = 100;
  leaf.packs = {pack};
  leaf.blobs = {{0, 3, {1, 2, 3}}, {0, 4, {9}}};
  FileEntry folder{"base", EntryType::folder, 0700, {5}, 0, 0, {}, {}};
  FileEntry pages{"base/5/1259",
                  EntryType::pages,
                  0600,
                  {1'700'000'000'000'000},
                  40960,
                  0xdeadbeef,
                  {{0, 8192, 0, 0}, {16384, 24576, 1, 8192}},
                  {2}};
  FileEntry empty{"base/5/1260", EntryType::pages, 0600, {-3}, 0, 0, {}, {}};
  leaf.files = {folder, pages, empty};
  return leaf;
}

TEST(ExtentMap, ComesBackAsItWas) {
  const auto bytes = serialize(sample());
  const auto back = parse_extent_leaf(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(serialize(*back), bytes);
  ASSERT_EQ(back->files.size(), 3u);
  EXPECT_EQ(back->files[1].extents[1].file_offset, 16384u);
  EXPECT_EQ(back->files[1].extents[1].blob_offset, 8192u);
  EXPECT_EQ(back->files[1].bad_blocks, std::vector<std::uint32_t>{2});
  EXPECT_EQ(back->files[2].modified.micros, -3);
}

TEST(ExtentMap, NoPrefixOfItIsAMap) {
  const auto bytes = serialize(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_extent_leaf(ByteView(bytes).first(size))) << size;
  }
}

TEST(ExtentMap, RefusesPathsThatLeaveTheFolder) {
  for (auto path : {"", "/etc/passwd", "../x", "base/../../x", "base//x", "base/.", "base/"}) {
    auto leaf = sample();
    leaf.files[2].path = path;
    EXPECT_FALSE(parse_extent_leaf(serialize(leaf))) << path;
  }
}

TEST(ExtentMap, RefusesExtentsOutsideFileOrTables) {
  auto leaf = sample();
  leaf.files[1].extents[1].length = 24577;
  EXPECT_FALSE(parse_extent_leaf(serialize(leaf)));
  leaf = sample();
  leaf.files[1].extents[0].blob = 2;
  EXPECT_FALSE(parse_extent_leaf(serialize(leaf)));
  leaf = sample();
  leaf.blobs[0].pack = 1;
  EXPECT_FALSE(parse_extent_leaf(serialize(leaf)));
}

TEST(ExtentMap, LeafBordersHangOnPathAndSizeAlone) {
  const auto borders = [](std::uint64_t size) {
    std::size_t found = 0;
    for (int i = 0; i < 51200; ++i) found += leaf_ends_after("base/5/" + std::to_string(16384 + i), size, 1) ? 1u : 0u;
    return found;
  };
  EXPECT_GT(borders(8192), 50u);
  EXPECT_LT(borders(8192), 200u);
  EXPECT_GT(borders(512u << 20), 20'000u);
  EXPECT_LT(borders(512u << 20), 30'000u);
  EXPECT_EQ(borders(1u << 30), 51'200u);
  EXPECT_TRUE(leaf_ends_after("base", 0, 4096));
}

}  // namespace
}  // namespace owl::cluster
