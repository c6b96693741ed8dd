#include "cluster/work_items.h"

#include <gtest/gtest.h>

#include <set>

namespace owl::cluster {
namespace {

ListedFile relation(std::string path, std::uint64_t size) {
  return {std::move(path), false, true, 0600, size, {}, 0};
}

std::vector<WorkItem> plan_items(const std::vector<ListedFile>& files) {
  ItemCutter cutter;
  std::vector<WorkItem> items;
  const auto take_ready = [&] {
    while (auto item = cutter.pop()) items.push_back(std::move(*item));
  };
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    cutter.add(files[i], i);
    take_ready();
  }
  cutter.finish();
  take_ready();
  return items;
}

std::uint64_t covered(const std::vector<WorkItem>& items) {
  std::uint64_t bytes = 0;
  for (const auto& item : items) {
    for (const auto& part : item.parts) bytes += part.length;
  }
  return bytes;
}

TEST(WorkItems, CutsLargeFilesAtFixedBorders) {
  const auto items = plan_items(std::vector{relation("base/5/1", 2 * piece_bytes + 8192)});
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[1].parts[0].offset, piece_bytes);
  EXPECT_EQ(items[2].parts[0].length, 8192u);
}

TEST(WorkItems, CoversEveryByteOnceAndNoItemIsTooLarge) {
  std::vector<ListedFile> files;
  std::uint64_t total = 0;
  for (int i = 0; i < 3000; ++i) {
    files.push_back(relation("base/5/" + std::to_string(i), static_cast<std::uint64_t>(i % 40) * 8192));
    total += files.back().size;
  }
  const auto items = plan_items(files);
  EXPECT_EQ(covered(items), total);
  for (const auto& item : items) EXPECT_LE(covered({item}), piece_bytes);
}

/// The set of batches, by the paths in them.
std::set<std::string> batches(const std::vector<ListedFile>& files) {
  std::set<std::string> out;
  for (const auto& item : plan_items(files)) {
    std::string text;
    for (const auto& part : item.parts) text += files[part.file].path + ",";
    out.insert(text);
  }
  return out;
}

TEST(WorkItems, AnAddedFileChangesOnlyItsOwnBatch) {
  std::vector<ListedFile> files;
  for (int i = 1000; i < 3000; ++i) files.push_back(relation("base/5/" + std::to_string(i), 16384));
  const auto before = batches(files);
  files.insert(files.begin() + 700, relation("base/5/1700x", 16384));
  const auto after = batches(files);
  std::size_t changed = 0;
  for (const auto& batch : after) changed += before.contains(batch) ? 0u : 1u;
  EXPECT_LE(changed, 3u) << "of " << after.size();
}

TEST(WorkItems, ABatchStaysInOneFolder) {
  const std::vector<ListedFile> files{relation("base/1/9", 8192), relation("base/5/1", 8192)};
  EXPECT_EQ(plan_items(files).size(), 2u);
}

}  // namespace
}  // namespace owl::cluster
