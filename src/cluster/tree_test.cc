// A folder's way through a repository and back, without a server: pieces, leaves, tree, writer.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "cluster/restore_writer.h"
#include "cluster/tree_bench.h"
#include "codec/hash.h"
#include "postgres/test_samples.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;
using storage::error_of;

class TreeTest : public testing::Test, protected test::TreeBench {
 protected:
  TreeTest() {
    write("global/pg_control", pattern(8192, 1));
    write("PG_VERSION", to_bytes(as_bytes("15\n")));
    write("base/5/empty.map", {});
    write("base/5/16384", postgres::compressed_sample("heap_15.compressed"));
    write("base/5/big", pattern((2 << 20) + 12345, 2));
    write("base/5/zeros", Bytes(300'000));
    write("base/5/hole", with_hole());
    for (int i = 0; i < 30; ++i)
      write("pg_xact/" + std::to_string(1000 + i), pattern(100 + static_cast<std::size_t>(i) * 999, i));
    os::make_folders(source / "pg_notify");
    os::make_folders(source / "pg_tblspc");
    write_at(folder / "place/PG_15_202209061/5/note", pattern(5000, 3));
    fs::create_directory_symlink(folder / "place", source / "pg_tblspc/16390");
  }

  static Bytes with_hole() {
    auto bytes = pattern(3 << 20, 4);
    std::fill(bytes.begin() + (1 << 20), bytes.begin() + (2 << 20), std::uint8_t{0});
    return bytes;
  }
  repository::Manifest back_up() { return TreeBench::back_up().manifest; }
  RestoreTree load(const repository::Manifest& manifest) {
    return load_tree(manifest, reader,
                     [](const FileEntry& file) { return file.type != EntryType::folder && !written_apart(file.path); });
  }
  void restore(const RestoreTree& tree, const TargetPaths& paths) {
    RestoreWriter writer(paths, tree, std::nullopt, RestoreWriter::Onto::empty);
    writer.make_folders();
    writer.make_files(0, tree.files.size());
    RestoreFiles files(writer.direct());
    for (const auto& pack : tree.packs) {
      for (const auto& blob : pack.blobs) writer.write(blob, reader.read_one(pack.pack, blob.entry, blob.name), files);
    }
  }
};

/// Names of the leaves, in order.
std::vector<crypto::BlobName> leaf_names(const repository::Manifest& manifest) {
  std::vector<crypto::BlobName> names;
  for (const auto& leaf : manifest.leaves) names.push_back(leaf.name);
  return names;
}

TEST_F(TreeTest, ABackupAfterNothingButACheckpointHasOneNewLeaf) {
  const auto first = leaf_names(back_up());
  const auto control = pattern(8192, 77);
  os::write_at(os::open_file(source / "global/pg_control", O_WRONLY), control, 0, "pg_control");  // as a server does
  const auto second = leaf_names(back_up());
  ASSERT_EQ(first.size(), second.size());
  int others = 0;
  for (std::size_t i = 0; i < first.size(); ++i) others += first[i] == second[i] ? 0 : 1;
  EXPECT_EQ(others, 1);
}

TEST_F(TreeTest, TheMapIsInTheOrderOfThePaths) {
  const auto tree = load(back_up());
  EXPECT_TRUE(std::ranges::is_sorted(tree.files, {}, &FileEntry::path));
  EXPECT_NE(tree.find("global/pg_control"), nullptr);
}

TEST_F(TreeTest, EveryFileComesBackWhereItBelongs) {
  const auto tree = load(back_up());
  os::make_folders(target, 0700);
  const TargetPaths paths(target, {{16390, (folder / "place").string()}}, {{"16390", folder / "moved"}});
  restore(tree, paths);
  for (const auto& file : tree.files) {
    if (file.type == EntryType::folder || written_apart(file.path)) continue;
    const auto plain = os::read_file(paths.resolve(file.path));
    EXPECT_EQ(plain, os::read_file(source / file.path)) << file.path;
    EXPECT_EQ(codec::crc32c(plain), file.crc32c) << file.path;
  }
  EXPECT_TRUE(os::status_of(folder / "moved/PG_15_202209061/5/note"));
  EXPECT_EQ(os::read_symlink(target / "pg_tblspc/16390"), (folder / "moved").string());
  EXPECT_TRUE(os::status_of(target / "pg_notify"));
  EXPECT_FALSE(os::status_of(target / "global/pg_control")) << "pg_control is written last, by somebody else";
}

TEST_F(TreeTest, PagesAreCheckedAndBadOnesNoted) {
  EXPECT_TRUE(load(back_up()).find("base/5/16384")->bad_blocks.empty());
  auto pages = os::read_file(source / "base/5/16384");
  pages[8192 + 4000] ^= 1;
  write("base/5/16384", pages);
  const auto tree = load(back_up());
  EXPECT_EQ(tree.find("base/5/16384")->type, EntryType::pages);
  EXPECT_EQ(tree.find("base/5/16384")->bad_blocks, std::vector<std::uint32_t>{1});
  EXPECT_EQ(tree.find("base/5/16384")->crc32c, codec::crc32c(pages)) << "what was read is kept, damage and all";
}

TEST_F(TreeTest, ModesComeBack) {
  ::chmod((source / "PG_VERSION").c_str(), 0640);
  ::chmod((source / "base").c_str(), 0750);
  const auto tree = load(back_up());
  os::make_folders(target, 0700);
  restore(tree, TargetPaths(target, {{16390, (folder / "moved").string()}}, {}));
  EXPECT_EQ(os::status_of(target / "PG_VERSION")->mode, 0640u);
  EXPECT_EQ(os::status_of(target / "base")->mode, 0750u);
}

TEST_F(TreeTest, ZerosAreStoredNowhereAndComeBackAsHoles) {
  const auto tree = load(back_up());
  for (const auto& pack : tree.packs) {
    for (const auto& blob : pack.blobs) {
      for (const auto& to : blob.destinations) {
        const auto& path = tree.files[to.file].path;
        EXPECT_TRUE(path != "base/5/zeros" && (path != "base/5/hole" || to.file_offset != 1u << 20)) << path;
      }
    }
  }
  EXPECT_EQ(tree.find("base/5/zeros")->size, 300'000u);
}

TEST_F(TreeTest, TheSecondBackupFindsItsBlobs) {
  back_up();
  EXPECT_EQ(known_blobs, 0u);
  write("base/5/new", pattern(300'000, 9));
  const auto second = back_up();
  EXPECT_GT(known_blobs, 5u);
  EXPECT_TRUE(load(second).find("base/5/new"));
}

TEST_F(TreeTest, OneFileIsReadWithoutTheOthers) {
  const auto manifest = back_up();
  EXPECT_EQ(read_file_of(manifest, reader, "base/5/hole"), with_hole());
  EXPECT_EQ(read_file_of(manifest, reader, "global/pg_control"), pattern(8192, 1));
  EXPECT_TRUE(read_file_of(manifest, reader, "base/5/empty.map").empty());
  const auto error = error_of([&] { read_file_of(manifest, reader, "base/5/none"); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_EQ(error.message(), "the backup has no file base/5/none");
}

TEST_F(TreeTest, OnlyWhatIsWantedIsFetched) {
  const auto manifest = back_up();
  const auto tree = load_tree(manifest, reader, [](const FileEntry& file) { return file.path == "PG_VERSION"; });
  EXPECT_EQ(tree.plain_bytes, 3u);
  ASSERT_EQ(tree.packs.size(), 1u);
  EXPECT_EQ(tree.packs[0].blobs.size(), 1u);
  EXPECT_GT(tree.files.size(), 30u) << "all are listed";
}

TEST_F(TreeTest, AManifestThatNamesNoSuchPackIsDamaged) {
  auto manifest = back_up();
  manifest.leaves[0].pack = 99;
  const auto error = error_of([&] { load(manifest); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_EQ(error.message(), "a manifest names a pack that it doesn't list");
}

/// A backup of one small file, as far as a writer sees it.
class WriterTest : public testing::Test {
 protected:
  WriterTest() { tree_.files = {{"PG_VERSION", EntryType::bytes, 0600, {}, 10, 0, {}, {}}}; }

  os::test::TemporaryFolder folder_;
  const TargetPaths paths_{folder_.path(), {}, {}};
  RestoreTree tree_;
  RestoreWriter writer_{paths_, tree_, std::nullopt, RestoreWriter::Onto::empty};
  RestoreFiles files_{writer_.direct()};
};

TEST_F(WriterTest, ABlobThatIsTooShortForItsExtentsIsDamage) {
  writer_.make_files(0, tree_.files.size());
  const RestoreTree::WantedBlob blob{0, {}, {{0, 0, 4, 6}}};
  writer_.write(blob, Bytes(10, 7), files_);
  EXPECT_EQ(writer_.written_bytes(), 6u);
  const auto error = error_of([&] { writer_.write(blob, Bytes(9, 7), files_); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_EQ(error.message(), "the extent map of PG_VERSION points outside its blob");
}

TEST_F(WriterTest, WhatNoBlobCoversIsZeros) {
  writer_.make_files(0, tree_.files.size());
  writer_.write({0, {}, {{0, 3, 0, 2}}}, Bytes(2, 7), files_);
  EXPECT_EQ(os::read_file(folder_ / "PG_VERSION"), (Bytes{0, 0, 0, 7, 7, 0, 0, 0, 0, 0}));
}

TEST_F(WriterTest, AFileThatIsThereAlreadyIsNotOverwritten) {
  os::replace_file(folder_ / "PG_VERSION", as_bytes("mine"));
  EXPECT_EQ(error_of([&] { writer_.make_files(0, tree_.files.size()); }).kind(), ErrorKind::already_exists);
  EXPECT_EQ(os::read_file(folder_ / "PG_VERSION"), to_bytes(as_bytes("mine")));
}

}  // namespace
}  // namespace owl::cluster
