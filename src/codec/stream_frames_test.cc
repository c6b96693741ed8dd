#include "codec/stream_frames.h"

#include <gtest/gtest.h>

#include <random>

#include "base/binary.h"

namespace owl::codec {
namespace {

constexpr std::size_t limit = 4u << 20;

Bytes encode(const StreamSet& streams, std::vector<std::uint8_t> groups = {}) {
  groups.resize(streams.count());
  StreamFramesEncoder encoder(1, std::move(groups));
  Bytes out(encoder.bound(streams.total_size()));
  out.resize(encoder.encode(streams, out));
  return out;
}

void expect_back(const StreamSet& streams, ByteView encoded) {
  StreamFramesDecoder decoder;
  for (int time = 0; time < 2; ++time) {
    const auto decoded = decoder.decode(encoded, streams.count(), streams.total_size());
    ASSERT_TRUE(decoded) << decoded.error().message();
    ASSERT_EQ(decoded->size(), streams.count());
    for (std::size_t i = 0; i < streams.count(); ++i) {
      EXPECT_TRUE(equal((*decoded)[i], streams.view(i))) << "stream " << i;
    }
  }
}

Bytes random_bytes(std::mt19937& random, std::size_t size, unsigned values = 256) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() % values);
  return bytes;
}

TEST(StreamFrames, NothingIsSomeBytes) {
  const StreamSet streams(300);
  const Bytes encoded = encode(streams);
  EXPECT_LE(encoded.size(), 6u);
  expect_back(streams, encoded);
  expect_back(StreamSet(0), encode(StreamSet(0)));
}

TEST(StreamFrames, EveryKindOfStreamComesBack) {
  std::mt19937 random(11);
  StreamSet streams(12);
  streams.bytes(0, Bytes(100'000, 5));                  // constant
  streams.bytes(1, random_bytes(random, 100));          // small
  streams.bytes(3, random_bytes(random, 40'000, 2));    // one bit
  streams.bytes(4, random_bytes(random, 40'000, 6));    // 2.6 bits
  streams.bytes(5, random_bytes(random, 40'000, 30));   // 4.9 bits
  streams.bytes(6, random_bytes(random, 40'000, 100));  // 6.6 bits
  streams.bytes(7, random_bytes(random, 40'000));       // random
  streams.bytes(8, as_bytes("x"));
  streams.bytes(9, Bytes(8, 0));
  streams.bytes(10, random_bytes(random, 512, 2));
  streams.bytes(11, random_bytes(random, 512));
  const Bytes encoded = encode(streams);
  expect_back(streams, encoded);
  EXPECT_LT(encoded.size(), 130'000u);
  EXPECT_GT(encoded.size(), 40'000u * (1.0 + 2.585 + 4.907 + 6.644 + 8) / 8);
}

TEST(StreamFrames, AConstantStreamCostsAboutThreeBytes) {
  StreamSet none(60), constant(60);
  for (std::size_t i = 0; i < 60; ++i) constant.bytes(i, Bytes(5000, static_cast<std::uint8_t>(i * 37)));
  EXPECT_LE(encode(constant).size(), encode(none).size() + 3 * 60);
  expect_back(constant, encode(constant));
}

TEST(StreamFrames, AGroupSharesAFrameOfItsOwn) {
  std::mt19937 random(12);
  const Bytes text = random_bytes(random, 30'000, 200);
  StreamSet streams(3);
  streams.bytes(0, text);
  streams.bytes(2, text);
  streams.bytes(1, random_bytes(random, 10'000, 3));
  const Bytes together = encode(streams, {1, 0, 1});
  const Bytes apart = encode(streams, {1, 0, 2});
  EXPECT_LT(together.size() + 20'000, apart.size());  // the copy is found
  expect_back(streams, together);
  expect_back(streams, apart);
}

TEST(StreamFrames, TheLimitHolds) {
  StreamSet streams(2);
  streams.bytes(0, Bytes(1'000'000, 1));
  streams.bytes(1, Bytes(9, 0));
  const Bytes encoded = encode(streams);
  StreamFramesDecoder decoder;
  EXPECT_TRUE(decoder.decode(encoded, 2, 1'000'009));
  EXPECT_FALSE(decoder.decode(encoded, 2, 1'000'008));
  EXPECT_FALSE(decoder.decode(encoded, 1, limit));
  EXPECT_TRUE(decoder.decode(encoded, 3, limit));
}

TEST(StreamFrames, CutShortOrGoneOnFails) {
  std::mt19937 random(13);
  StreamSet streams(4);
  streams.bytes(0, random_bytes(random, 3000, 7));
  streams.bytes(1, random_bytes(random, 3000));
  streams.bytes(2, random_bytes(random, 30, 7));
  Bytes encoded = encode(streams);
  StreamFramesDecoder decoder;
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_FALSE(decoder.decode(ByteView(encoded).first(size), 4, limit)) << size;
  }
  encoded.push_back(0);
  EXPECT_FALSE(decoder.decode(encoded, 4, limit));
}

/// A directory as written here, not packed.
Bytes with_head(const Bytes& head, ByteView contents = {}) {
  Bytes out;
  BinaryWriter writer(out);
  writer.varint(head.size());
  writer.varint(head.size());
  writer.raw(head);
  writer.raw(contents);
  return out;
}

TEST(StreamFrames, HostileDirectoriesFail) {
  StreamFramesDecoder decoder;
  const auto decodes = [&](const Bytes& head, ByteView contents = {}) {
    return decoder.decode(with_head(head, contents), 4, limit).has_value();
  };
  EXPECT_TRUE(decodes({0, 1, 3, 5, 1, 9}));                   // stream 3: five times 9
  EXPECT_TRUE(decodes({0, 1, 3, 2, 0, 7, 8}));                // stream 3: 7, 8
  EXPECT_TRUE(decodes({1, 2, 1, 0, 2, 2}, Bytes{1, 2}));      // stream 0 in a frame that is stored
  EXPECT_FALSE(decodes({1, 2, 1, 0, 2, 3}, Bytes{1, 2}));     // in frame 1 of one
  EXPECT_FALSE(decodes({1, 3, 1, 0, 2, 2}, Bytes{1, 2}));     // the frame is longer than what follows
  EXPECT_FALSE(decodes({1, 2, 1, 0, 2, 2}, Bytes{1, 2, 3}));  // or shorter
  EXPECT_FALSE(decodes({0, 1, 4, 5, 1, 9}));                  // there is no stream 4
  EXPECT_FALSE(decodes({0, 2, 3, 0, 5, 5, 1, 1, 9, 9}));      // nor one behind 3
  EXPECT_FALSE(decodes({0, 5, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(decodes({0, 1, 3, 0, 1, 9}));                       // as long as the one before, and there is none
  EXPECT_FALSE(decodes({0, 1, 3, 2, 0, 7, 8, 9}));                 // a byte too many
  EXPECT_FALSE(decodes({0, 1, 3, 0xff, 0xff, 0xff, 0x7f, 1, 9}));  // beyond the limit
  EXPECT_FALSE(decodes({0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 5, 1, 9}));
  EXPECT_FALSE(decodes({200, 1, 1}));
}

TEST(StreamFrames, MutationsNeverLeaveTheirBounds) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  StreamSet streams(20);
  for (std::size_t i = 0; i < 20; ++i) streams.bytes(i, random_bytes(random, random() % 2000, 1 + random() % 256));
  const Bytes encoded = encode(streams);
  StreamFramesDecoder decoder;
  for (int round = 0; round < 3000; ++round) {
    Bytes mutated = encoded;
    for (unsigned i = 0; i < 1 + random() % 4; ++i) {
      const std::size_t at =
          random() % (random() % 2 == 0 ? std::min<std::size_t>(mutated.size(), 100) : mutated.size());
      mutated[at] = static_cast<std::uint8_t>(random());
    }
    const auto decoded = decoder.decode(mutated, 20, 100'000);  // sanitizers watch the bounds
    if (!decoded) continue;
    std::size_t total = 0;
    for (const auto& stream : *decoded) total += stream.size();
    EXPECT_LE(total, 100'000u);
  }
}

}  // namespace
}  // namespace owl::codec
