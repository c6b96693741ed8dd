#include "codec/zstd.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/binary.h"

namespace owl::codec {
namespace {

Bytes random_bytes(std::size_t size) {
  std::mt19937 random(7);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

Bytes text_bytes(std::size_t size) {
  Bytes bytes;
  for (int i = 0; bytes.size() < size; ++i) append(bytes, as_bytes("row " + std::to_string(i * 7919) + ";"));
  bytes.resize(size);
  return bytes;
}

struct Stored {
  Codec codec;
  Bytes bytes;
};
Stored encode(ZstdEncoder& encoder, ByteView plain) {
  Bytes out(ZstdEncoder::bound(plain.size()));
  const auto encoded = encoder.encode(plain, out);
  out.resize(encoded.size);
  return {encoded.codec, out};
}

TEST(Zstd, RoundTripsSizesFromNothingToAMegabyte) {
  ZstdEncoder encoder(3);
  ZstdDecoder decoder;
  for (const std::size_t size : {0u, 1u, 100u, 8192u, 131'072u, 1'048'576u}) {
    const Bytes plain = text_bytes(size);
    const Stored stored = encode(encoder, plain);
    EXPECT_EQ(stored.codec, size > 100 ? Codec::zstd : stored.codec);
    EXPECT_LE(stored.bytes.size(), size);
    Bytes out(size, 0xee);
    ASSERT_TRUE(decoder.decode(stored.codec, stored.bytes, out)) << size;
    EXPECT_EQ(out, plain);
  }
}

TEST(Zstd, IncompressibleBytesAreStored) {
  ZstdEncoder encoder(3);
  ZstdDecoder decoder;
  for (const std::size_t size : {10u, 8192u, 1'048'576u}) {
    const Bytes plain = random_bytes(size);
    const Stored stored = encode(encoder, plain);
    EXPECT_EQ(stored.codec, Codec::stored);
    EXPECT_EQ(stored.bytes, plain);
    Bytes out(size);
    ASSERT_TRUE(decoder.decode(stored.codec, stored.bytes, out));
    EXPECT_EQ(out, plain);
  }
}

TEST(Zstd, ProbeDoesNotMissBytesThatCompressInPart) {
  ZstdEncoder encoder(3);
  Bytes plain = random_bytes(1'048'576);
  std::fill(plain.begin() + 500'000, plain.end(), std::uint8_t{0});
  EXPECT_EQ(encode(encoder, plain).codec, Codec::zstd);
}

TEST(Zstd, TheLevelSurvivesTheProbe) {
  ZstdEncoder low(1), high(9);
  const Bytes plain = text_bytes(1'048'576);
  EXPECT_NE(encode(high, plain).bytes, encode(low, plain).bytes);
}

TEST(Zstd, PagesAreFramesLikeAnyOther) {
  ZstdDecoder decoder;
  const Bytes plain = text_bytes(1'048'576);
  for (int level = 1; level <= 9; ++level) {
    ZstdEncoder encoder(level, Content::pages), general(level);
    const Stored stored = encode(encoder, plain);
    ASSERT_EQ(stored.codec, Codec::zstd);
    Bytes out(plain.size());
    ASSERT_TRUE(decoder.decode(stored.codec, stored.bytes, out)) << level;
    EXPECT_EQ(out, plain);
    EXPECT_EQ(encode(encoder, plain).bytes, stored.bytes) << "a context that is used again gives the same";
    EXPECT_EQ(encode(general, plain).bytes == stored.bytes, level > 3)
        << "tables of their own from 1 to 3, at " << level;
  }
}

TEST(Zstd, FrameHasNoChecksum) {
  ZstdEncoder encoder(3);
  const Stored stored = encode(encoder, text_bytes(8192));
  ASSERT_EQ(stored.codec, Codec::zstd);
  EXPECT_EQ(stored.bytes[4] & 0x04, 0);  // Frame_Header_Descriptor, Content_Checksum_flag
}

TEST(Zstd, RefusesAnotherSize) {
  ZstdEncoder encoder(3);
  ZstdDecoder decoder;
  const Bytes plain = text_bytes(8192);
  const Stored stored = encode(encoder, plain);
  for (const std::size_t wrong : {0u, 1u, 8191u, 8193u, 20'000u}) {
    Bytes out(wrong);
    EXPECT_FALSE(decoder.decode(stored.codec, stored.bytes, out)) << wrong;
  }
  Bytes out(8192);
  EXPECT_FALSE(decoder.decode(Codec::stored, ByteView(plain).first(8191), out));
  EXPECT_FALSE(decoder.decode(static_cast<Codec>(9), plain, out));
}

TEST(Zstd, TruncatedOrFlippedNeverWritesBeyondThePlainSize) {
  ZstdEncoder encoder(3);
  ZstdDecoder decoder;
  const Stored stored = encode(encoder, text_bytes(8192));
  for (std::size_t size = 0; size < stored.bytes.size(); ++size) {
    Bytes out(8192);
    EXPECT_FALSE(decoder.decode(Codec::zstd, ByteView(stored.bytes).first(size), out)) << size;
  }
  for (std::size_t bit = 0; bit < stored.bytes.size() * 8; ++bit) {
    Bytes flipped = stored.bytes, out(8192);
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1u << (bit % 8)));
    (void)decoder.decode(Codec::zstd, flipped, out);  // sanitizers watch the bounds
  }
}

TEST(Compress, RoundTripsAndKeepsToTheLimit) {
  for (const std::size_t size : {0u, 1u, 100u, 100'000u}) {
    const Bytes plain = text_bytes(size);
    const Bytes compressed = compress(plain);
    EXPECT_EQ(value_or_throw(decompress(compressed, size)), plain);
    if (size > 0) {
      EXPECT_FALSE(decompress(compressed, size - 1));
    }
  }
}

TEST(Compress, RefusesALyingSize) {
  const Bytes good = compress(text_bytes(1000));
  Bytes lying;
  BinaryWriter(lying).varint(999);
  append(lying, ByteView(good).subspan(2));
  EXPECT_FALSE(decompress(lying, 1 << 20));
  EXPECT_FALSE(decompress({}, 1 << 20));
}

}  // namespace
}  // namespace owl::codec
