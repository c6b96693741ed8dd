#include "cluster/restore_tree.h"

#include <gtest/gtest.h>

namespace owl::cluster {
namespace {

RestoreTree::WantedBlob blob(std::uint32_t entry, std::uint32_t bytes) {
  return {entry, {}, {{0, 0, 0, bytes}}};
}

TEST(RestorePortions, ALargePackIsCutAndPacksAreNotMixed) {
  RestoreTree tree;
  tree.packs.resize(2);
  for (std::uint32_t i = 0; i < 200; ++i) tree.packs[0].blobs.push_back(blob(i, 1 << 20));
  for (std::uint32_t i = 0; i < 3; ++i) tree.packs[1].blobs.push_back(blob(i, 1 << 20));
  const auto portions = cut_into_portions(tree);
  ASSERT_EQ(portions.size(), 5u);
  std::vector<std::size_t> sizes;
  for (const auto& portion : portions) sizes.push_back(portion.blobs.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{64, 64, 64, 8, 3}));
  EXPECT_EQ(portions[3].blobs.front().entry, 192u) << "none is left out or repeated";
  EXPECT_EQ(portions[4].pack, &tree.packs[1]);
}

}  // namespace
}  // namespace owl::cluster
