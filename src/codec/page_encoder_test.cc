#include "codec/page_encoder.h"

#include <gtest/gtest.h>

#include <bit>

#include "base/units.h"
#include "codec/blob_decoder.h"
#include "codec/page_samples.h"

namespace owl::codec {
namespace {

constexpr std::uint32_t page_size = 8192;

/// Rows of a counter, a few numbers and a little noise: what columns are for.
Bytes heap_blob(sample::Random& random, std::uint32_t first_block, std::uint32_t pages) {
  Bytes blob;
  for (std::uint32_t block = first_block; block < first_block + pages; ++block) {
    sample::PageBuilder builder(page_size, 0);
    for (std::uint32_t item = 1; builder.fits(56); ++item) {
      Bytes data(28);
      store(data.data(), block * 1000 + item);
      store(data.data() + 8, static_cast<std::uint32_t>(random() % 5000));
      store(data.data() + 16, std::uint64_t{1} << 50 | (std::uint64_t{block} * 1000 + item) * 60'000'000);
      builder.add(sample::heap_tuple(700, block, item, data));
    }
    append(blob, builder.finish(block, block * 4000));
  }
  return blob;
}

struct Encoded {
  Codec codec;
  Bytes bytes;
};
Encoded encode(PageEncoder& encoder, const PageBlob& blob) {
  Bytes out(encoder.bound(blob.plain.size()));
  const auto encoded = encoder.encode(blob, out);
  out.resize(encoded.size);
  return {encoded.codec, out};
}

void expect_back(const Encoded& encoded, ByteView plain) {
  BlobDecoder decoder;
  Bytes again(plain.size(), 0xee);
  const auto decoded = decoder.decode(encoded.codec, encoded.bytes, again);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_TRUE(equal(again, plain));
}

TEST(PageEncoder, RowsAreSplitAndTakeFarLessThanZstdGives) {
  sample::Random random(1);
  const Bytes plain = heap_blob(random, 1000, 128);
  const PageRun run{128, 1000};
  PageEncoder encoder({});
  for (const std::uint64_t relation_bytes : {MiB, 8 * MiB, 64 * MiB}) {
    const auto encoded = encode(encoder, {plain, {&run, 1}, relation_bytes, relation_bytes, true});
    EXPECT_EQ(encoded.codec, Codec::pages);
    expect_back(encoded, plain);
    Bytes out(ZstdEncoder::bound(plain.size()));
    const auto zstd = ZstdEncoder(3).encode(plain, out).size;
    EXPECT_LT(encoded.bytes.size() * (relation_bytes > MiB ? 4 : 1), zstd) << relation_bytes;
  }
  EXPECT_EQ(encoder.counters().split_blobs, 3u);
  EXPECT_EQ(encoder.counters().split_pages, 3u * 128);
  EXPECT_EQ(encoder.counters().fallbacks, 0u);
}

TEST(PageEncoder, SmallFilesOfManyRelationsShareABlob) {
  sample::Random random(2);
  Bytes plain = heap_blob(random, 0, 2);
  append(plain, heap_blob(random, 131072, 3));
  append(plain, Bytes(page_size));
  const std::array<PageRun, 3> runs{PageRun{2, 0}, PageRun{3, 131072}, PageRun{1, 7}};
  PageEncoder encoder({});
  const auto encoded = encode(encoder, {plain, runs});
  EXPECT_EQ(encoded.codec, Codec::pages);
  expect_back(encoded, plain);
}

TEST(PageEncoder, WhatIsNoRelationGoesThroughZstdAlone) {
  sample::Random random(3);
  PageEncoder encoder({});
  const PageRun run{16, 0};
  const Bytes noise = sample::random_bytes(random, 16 * page_size);
  const auto stored = encode(encoder, {noise, {&run, 1}, 1, MiB});
  EXPECT_EQ(stored.codec, Codec::stored);
  expect_back(stored, noise);
  Bytes map(16 * page_size);
  for (std::size_t i = 0; i < map.size(); i += 7) map[i] = 3;
  const auto zstd = encode(encoder, {map, {&run, 1}, 2, MiB});
  EXPECT_EQ(zstd.codec, Codec::zstd);
  expect_back(zstd, map);
  const auto nothing = encode(encoder, {});
  expect_back(nothing, {});
  EXPECT_EQ(encoder.counters().plain_blobs, 3u);
}

TEST(PageEncoder, ABlobThatWouldNotComeBackFallsBackToZstd) {
  sample::Random random(4);
  Bytes plain = heap_blob(random, 0, 16);
  plain[5 * page_size + page_at::checksum] ^= 1;
  const PageRun run{16, 0};
  PageEncoder encoder({});
  const auto lied = encode(encoder, {plain, {&run, 1}, 1, MiB, true});
  EXPECT_EQ(lied.codec, Codec::zstd);
  expect_back(lied, plain);
  EXPECT_EQ(encoder.counters().fallbacks, 1u);
  const auto honest = encode(encoder, {plain, {&run, 1}, 1, MiB, false});
  EXPECT_EQ(honest.codec, Codec::pages);
  expect_back(honest, plain);
  EXPECT_EQ(encoder.counters().fallbacks, 1u);
}

TEST(PageEncoder, TheChoiceIsKeptForTheRelation) {
  sample::Random random(5);
  PageEncoder encoder({});
  const PageRun first{16, 0}, second{16, 16};
  const Bytes noise = sample::random_bytes(random, 16 * page_size), rows = heap_blob(random, 16, 16);
  EXPECT_EQ(encode(encoder, {noise, {&first, 1}, 9, 2 * MiB}).codec, Codec::stored);
  EXPECT_EQ(encode(encoder, {rows, {&second, 1}, 9, 2 * MiB}).codec, Codec::zstd);
  EXPECT_EQ(encode(encoder, {rows, {&second, 1}, 11, 2 * MiB}).codec, Codec::pages);
}

TEST(PageEncoder, AnyPagesComeBack) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  sample::Random random(seed);
  for (int round = 0; round < 40; ++round) {
    const std::uint32_t size = 1024u << random() % 6, pages = 1 + random() % 40;
    const auto first = random();
    Bytes plain;
    for (std::uint32_t i = 0; i < pages; ++i) append(plain, sample::random_page(random, size, first + i));
    PageEncoder encoder({.block_size = size, .level = 1 + static_cast<int>(random() % 3), .plain_level = 1});
    const PageRun run{pages, first};
    expect_back(encode(encoder, {plain, {&run, 1}, random() % 2, (random() % 32) * MiB}), plain);
    EXPECT_EQ(encoder.counters().fallbacks, 0u);
  }
}

/// docs/format/codecs.md explains these bytes one by one.
TEST(PageDecoder, TheExampleOfTheFormatPage) {
  sample::PageBuilder builder(1024, 0);
  for (std::uint32_t item = 1; item <= 2; ++item) {
    builder.add(sample::heap_tuple(700, 5, item, as_bytes(item == 1 ? "owl" : "night")));
  }
  const Bytes page = builder.finish(5, 0x100);
  PageEncoder encoder({.block_size = 1024});
  const PageRun run{1, 5};
  const auto encoded = encode(encoder, {page, {&run, 1}});
  EXPECT_EQ(encoded.codec, Codec::pages);
  EXPECT_EQ(to_hex(encoded.bytes),
            "010a000000010105"
            "3a3a"
            "0007000000000202020901"
            "00020c0802"
            "00000000000000"
            "020001000000101010"
            "02"
            "00"
            "8004"
            "000003000209180"
            "0bc020000"
            "6f776c6e69676874"
            "1b1d");
  expect_back(encoded, page);
}

TEST(PageDecoder, DamageIsFoundOrHarmless) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  sample::Random random(seed);
  Bytes plain;
  for (std::uint32_t i = 0; i < 12; ++i) append(plain, sample::random_page(random, 2048, i));
  append(plain, Bytes(4 * 2048));
  PageEncoder encoder({.block_size = 2048});
  const PageRun run{16, 0};
  const auto encoded = encode(encoder, {plain, {&run, 1}});
  if (encoded.codec != Codec::pages) return;  // too little of it was pages
  PageDecoder decoder;
  Bytes again(plain.size() + 64, 0xee);
  const auto decode = [&](ByteView bytes) {
    return decoder.decode(bytes, MutableBytes(again).first(plain.size())).has_value();
  };
  EXPECT_TRUE(decode(encoded.bytes));
  for (std::size_t size = 0; size < encoded.bytes.size(); ++size) {
    EXPECT_FALSE(decode(ByteView(encoded.bytes).first(size))) << size;
  }
  for (int i = 0; i < 3000; ++i) {
    Bytes mutated = encoded.bytes;
    for (unsigned k = 0; k < 1 + random() % 3; ++k) {
      mutated[random() % (random() % 2 == 0 ? 40 : mutated.size())] = static_cast<std::uint8_t>(random());
    }
    (void)decode(mutated);  // sanitizers watch the bounds
  }
  for (std::size_t i = plain.size(); i < again.size(); ++i) ASSERT_EQ(again[i], 0xee);
  for (const std::size_t wrong : {std::size_t{0}, plain.size() - 2048, plain.size() + 1}) {
    Bytes other(wrong);
    EXPECT_FALSE(decoder.decode(encoded.bytes, other));
  }
}

TEST(PageDecoder, HeadersThatCantBeAreRefused) {
  PageBlobHeader header{page_size, {}, {{1, 5}}};
  Bytes good;
  put_page_blob_header(header, good);
  EXPECT_EQ(good, (Bytes{1, 13, 0, 0, 0, 1, 1, 5}));
  Bytes page(page_size, 9);
  PageDecoder decoder;
  const auto streams = Bytes{6, 6, 0, 1, 0, 1, 0, 1};
  const auto with = [&](Bytes head) {
    append(head, streams);
    return decoder.decode(head, page).has_value();
  };
  EXPECT_TRUE(with({1, 13, 0, 0, 0, 1, 1, 5}));
  EXPECT_TRUE(all_zero(page));
  EXPECT_FALSE(with({2, 13, 0, 0, 0, 1, 1, 5})) << "another version";
  EXPECT_FALSE(with({1, 9, 0, 0, 0, 1, 1, 5}));
  EXPECT_FALSE(with({1, 16, 0, 0, 0, 1, 1, 5}));
  EXPECT_FALSE(with({1, 13, 2, 0, 0, 1, 1, 5})) << "a flag without meaning";
  EXPECT_FALSE(with({1, 13, 0, 1, 3, 0, 1, 1, 5})) << "a form without meaning";
  EXPECT_FALSE(with({1, 13, 0, 33, 0, 1, 1, 5}));
  EXPECT_FALSE(with({1, 13, 0, 0, 0, 1, 2, 5})) << "two pages";
  EXPECT_FALSE(with({1, 13, 0, 0, 0, 0})) << "none";
}

}  // namespace
}  // namespace owl::codec
