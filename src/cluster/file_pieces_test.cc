#include "cluster/file_pieces.h"

#include <gtest/gtest.h>

#include "codec/hash.h"

namespace owl::cluster {
namespace {

std::vector<ListedFile> relation_of(std::uint64_t size) {
  return {{"base/5/1259", false, true, 0600, size, {7}, 0}};
}

Bytes some(std::size_t size, std::uint8_t fill) {
  return Bytes(size, fill);
}

FilePiece piece(std::uint64_t offset, ByteView content, repository::BlobRef blob, std::uint32_t blob_offset = 0) {
  const auto size = static_cast<std::uint32_t>(content.size());
  return {offset, size, size, codec::crc32c(content), blob, blob_offset, {}};
}

TEST(FilePieces, ComeTogetherInWhateverOrder) {
  const Bytes a = some(1000, 1), b = some(500, 2), c = some(200, 3);
  const auto files = relation_of(1700);
  FilePieces pieces;
  pieces.add(0, piece(1500, c, {0, 2}));
  pieces.add(0, piece(0, a, {0, 0}));
  EXPECT_FALSE(pieces.take(0, files[0])) << "500 bytes are still to come";
  pieces.add(0, piece(1000, b, {0, 1}));
  const auto file = pieces.take(0, files[0]);
  ASSERT_TRUE(file);
  Bytes whole = a;
  append(whole, b);
  append(whole, c);
  EXPECT_FALSE(file->vanished);
  EXPECT_EQ(file->entry.path, "base/5/1259");
  EXPECT_EQ(file->entry.type, EntryType::pages);
  EXPECT_EQ(file->entry.size, 1700u);
  EXPECT_EQ(file->entry.crc32c, codec::crc32c(whole));
  ASSERT_EQ(file->entry.extents.size(), 3u);
  EXPECT_EQ(file->entry.extents[2].file_offset, 1500u);
  EXPECT_EQ(file->blobs[2].entry, 2u);
  EXPECT_FALSE(pieces.take(0, files[0])) << "it is forgotten";
}

TEST(FilePieces, NeighboursInFileAndBlobAreOneExtent) {
  const auto files = relation_of(2500);
  FilePieces pieces;
  pieces.add(0, piece(0, some(1000, 1), {0, 4}, 300));
  pieces.add(0, piece(1000, some(500, 2), {0, 4}, 1300));
  pieces.add(0, piece(1500, some(500, 3), {0, 4}, 0));    // elsewhere in the blob
  pieces.add(0, piece(2000, some(500, 4), {1, 4}, 500));  // in another pack
  const auto file = pieces.take(0, files[0]).value();
  ASSERT_EQ(file.entry.extents.size(), 3u);
  EXPECT_EQ(file.blobs.size(), 3u);
  EXPECT_EQ(file.entry.extents[0].length, 1500u);
  EXPECT_EQ(file.entry.extents[0].blob_offset, 300u);
}

TEST(FilePieces, ZerosNeedNoBlob) {
  const Bytes zeros(1000), data = some(500, 2);
  const auto files = relation_of(1500);
  FilePieces pieces;
  pieces.add(0, {0, 1000, 1000, codec::crc32c(zeros), std::nullopt, 0, {}});
  pieces.add(0, piece(1000, data, {0, 0}));
  const auto file = pieces.take(0, files[0]).value();
  Bytes whole = zeros;
  append(whole, data);
  EXPECT_EQ(file.entry.size, 1500u);
  EXPECT_EQ(file.entry.crc32c, codec::crc32c(whole));
  ASSERT_EQ(file.entry.extents.size(), 1u);
  EXPECT_EQ(file.entry.extents[0].file_offset, 1000u);
}

TEST(FilePieces, AFileEndsWhereItWasTruncatedMeanwhile) {
  const auto files = relation_of(3000);
  FilePieces pieces;
  pieces.add(0, piece(0, some(1000, 1), {0, 0}));
  auto cut = piece(1000, some(300, 2), {0, 1});
  cut.planned = 1000;
  pieces.add(0, std::move(cut));
  pieces.add(0, piece(2000, some(1000, 3), {0, 2}));  // read before the truncation
  const auto file = pieces.take(0, files[0]).value();
  EXPECT_EQ(file.entry.size, 1300u);
  EXPECT_EQ(file.entry.extents.size(), 2u);
}

TEST(FilePieces, AFileTruncatedToNothingIsEmpty) {
  const auto files = relation_of(1000);
  FilePieces pieces;
  pieces.add(0, {0, 1000, 0, 0, repository::BlobRef{0, 0, {}}, 0, {}});
  const auto file = pieces.take(0, files[0]).value();
  EXPECT_EQ(file.entry.size, 0u);
  EXPECT_EQ(file.entry.crc32c, 0u);
  EXPECT_TRUE(file.entry.extents.empty());
}

TEST(FilePieces, BadBlocksAreKeptInOrder) {
  const auto files = relation_of(8192 * 3);
  FilePieces pieces;
  auto second = piece(8192 * 2, some(8192, 1), {0, 1});
  second.bad_blocks = {2};
  auto first = piece(0, some(8192 * 2, 1), {0, 0});
  first.bad_blocks = {0, 1};
  pieces.add(0, second);
  pieces.add(0, first);
  EXPECT_EQ(pieces.take(0, files[0])->entry.bad_blocks, (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(FilePieces, FoldersAndEmptyFilesHaveNone) {
  const std::vector<ListedFile> files{{"base", true, false, 0700, 0, {1}, 0},
                                      {"pg_xact/0000", false, false, 0600, 0, {1}, 0}};
  FilePieces pieces;
  EXPECT_EQ(pieces.take(0, files[0])->entry.type, EntryType::folder);
  const auto empty = pieces.take(1, files[1]).value();
  EXPECT_EQ(empty.entry.type, EntryType::bytes);
  EXPECT_EQ(empty.entry.size, 0u);
}

TEST(FilePieces, AFileThatVanishedIsWholeWhenNothingMoreOfItCanCome) {
  const auto files = relation_of(3000);
  FilePieces pieces;
  pieces.vanished(0, 1000);
  pieces.add(0, piece(1000, some(1000, 2), {0, 1}));  // opened before it was dropped
  EXPECT_FALSE(pieces.take(0, files[0]));
  pieces.vanished(0, 1000);
  EXPECT_TRUE(pieces.take(0, files[0])->vanished);
}

}  // namespace
}  // namespace owl::cluster
