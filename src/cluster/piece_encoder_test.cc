#include "cluster/piece_encoder.h"

#include <gtest/gtest.h>

#include "codec/blob_decoder.h"
#include "codec/page_samples.h"

namespace owl::cluster {
namespace {

constexpr std::uint32_t page_size = 8192;

Bytes rows(std::uint32_t first_block, std::uint32_t pages) {
  Bytes out;
  for (std::uint32_t block = first_block; block < first_block + pages; ++block) {
    codec::sample::PageBuilder builder(page_size, 0);
    for (std::uint32_t item = 1; builder.fits(48); ++item) {
      Bytes data(24);
      codec::store(data.data(), block * 1000 + item);
      builder.add(codec::sample::heap_tuple(700, block, item, data));
    }
    append(out, builder.finish(block));
  }
  return out;
}

ListedFile file(const char* path, std::uint32_t first_block, std::uint64_t size) {
  ListedFile listed;
  listed.path = path;
  listed.is_relation = true;
  listed.size = size;
  listed.first_block = first_block;
  return listed;
}

/// Encodes, checks that it comes back, and tells how it was stored.
codec::Codec store(PieceEncoder& encoder, ByteView plain, std::vector<PieceEncoder::Pages> parts) {
  Bytes out(encoder.bound(plain.size())), again(plain.size());
  const auto encoded = encoder.encode_pages(plain, parts, out);
  codec::BlobDecoder decoder;
  EXPECT_TRUE(decoder.decode(encoded.codec, ByteView(out).first(encoded.size), again));
  EXPECT_TRUE(equal(again, plain));
  return encoded.codec;
}

TEST(PieceEncoder, AllSegmentsOfARelationAreStoredAlike) {
  codec::sample::Random random(1);
  PieceEncoder encoder(page_size, true, 3);
  const Bytes noise = codec::sample::random_bytes(random, 16 * page_size), plain = rows(131072, 16);
  const auto first = file("base/5/16384", 0, 1u << 30), second = file("base/5/16384.1", 131072, 1u << 20);
  const auto map = file("base/5/16384_vm", 131072, 1u << 20), other = file("base/5/16385.1", 131072, 1u << 20);
  const auto length = static_cast<std::uint32_t>(plain.size());
  EXPECT_EQ(store(encoder, noise, {{first, 0, length, true}}), codec::Codec::stored);
  EXPECT_EQ(store(encoder, plain, {{second, 0, length, false}}), codec::Codec::zstd) << "as its first segment";
  EXPECT_EQ(store(encoder, plain, {{map, 0, length, false}}), codec::Codec::pages) << "another fork";
  EXPECT_EQ(store(encoder, plain, {{other, 0, length, false}}), codec::Codec::pages) << "another relation";
}

TEST(PieceEncoder, BadPagesAreStoredAsTheyAre) {
  PieceEncoder encoder(page_size, true, 3);
  Bytes plain = rows(100, 16);
  plain[3 * page_size + codec::page_at::checksum] ^= 1;
  const auto listed = file("base/5/16384", 0, 1u << 24);
  const auto length = static_cast<std::uint32_t>(plain.size());
  EXPECT_EQ(store(encoder, plain, {{listed, 100 * page_size, length, true}}), codec::Codec::pages);
}

TEST(PieceEncoder, SmallFilesAndOnesThatCameShortShareABlob) {
  PieceEncoder encoder(page_size, true, 1);
  Bytes plain = rows(0, 3);
  append(plain, rows(0, 5));
  const auto first = file("base/5/1259", 0, 3 * page_size), gone = file("base/5/1260", 0, page_size),
             second = file("base/5/1261", 0, 5 * page_size);
  EXPECT_EQ(
      store(encoder, plain, {{first, 0, 3 * page_size, false}, {gone, 0, 0, false}, {second, 0, 5 * page_size, false}}),
      codec::Codec::pages);
  EXPECT_EQ(store(encoder, {}, {{gone, 0, 0, false}}), codec::Codec::stored);
}

}  // namespace
}  // namespace owl::cluster
