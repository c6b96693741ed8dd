#include "codec/streams.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace owl::codec {
namespace {

TEST(Streams, WhatIsWrittenIsReadBack) {
  StreamSet set(3);
  Bytes large(100'000);
  std::iota(large.begin(), large.end(), std::uint8_t{0});
  set.byte(0, 7);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, ~std::uint64_t{0}}) {
    set.varint(0, value);
  }
  set.bytes(2, large);
  set.bytes(2, {});
  set.byte(2, 1);
  EXPECT_EQ(set.total_size(), 1u + 1 + 1 + 2 + 10 + 100'001);

  const std::array<ByteView, 3> views{set.view(0), set.view(1), set.view(2)};
  StreamReader reader;
  reader.reset(views);
  EXPECT_EQ(reader.byte(0), 7);
  EXPECT_EQ(reader.varint(0), 0u);
  EXPECT_EQ(reader.varint(0), 127u);
  EXPECT_EQ(reader.varint(0), 128u);
  EXPECT_EQ(reader.varint(0), ~std::uint64_t{0});
  EXPECT_TRUE(equal(reader.view(2, 100'000), large));
  EXPECT_FALSE(reader.finished());
  EXPECT_EQ(reader.left(2), 1u);
  EXPECT_EQ(*reader.take(2, 1), 1);
  EXPECT_TRUE(reader.finished());
}

TEST(Streams, RoomIsWritableToItsEndAndTheSlackBehindIt) {
  StreamSet set(1);
  for (const std::size_t size : {0u, 1u, 511u, 512u, 5000u}) {
    std::memset(set.room(0, size), 0xaa, size + stream_slack);  // a sanitizer watches
    set.commit(0, size);
  }
  EXPECT_EQ(set.view(0).size(), 6024u);
}

TEST(Streams, ClearKeepsMemoryUpToItsLimit) {
  StreamSet set(2);
  set.bytes(0, Bytes(10'000, 1));
  const auto* const before = set.view(0).data();
  set.clear();
  EXPECT_EQ(set.total_size(), 0u);
  EXPECT_EQ(set.room(0, 10'000), before);
  set.clear(5000);
  EXPECT_EQ(set.total_size(), 0u);
  EXPECT_EQ(set.view(0).data(), nullptr);
}

TEST(Streams, TakingTooMuchGivesZerosAndIsRemembered) {
  const Bytes bytes(10 + stream_slack, 9);
  const std::array<ByteView, 1> views{ByteView(bytes).first(10)};
  StreamReader reader;
  reader.reset(views);
  const auto* const taken = reader.take(0, 11);
  EXPECT_TRUE(all_zero({taken, 11 + stream_slack}));
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.left(0), 10u);
  reader.reset(views);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.view(0, 11).empty());
  EXPECT_FALSE(reader.ok());
  EXPECT_TRUE(all_zero({reader.take(0, StreamReader::largest_take), StreamReader::largest_take}));
}

TEST(Streams, NumbersHaveOneFormAndAtMost64Bits) {
  const auto fails = [](Bytes bytes) {
    const std::size_t size = bytes.size();
    bytes.resize(size + stream_slack);
    const std::array<ByteView, 1> views{ByteView(bytes).first(size)};
    StreamReader reader;
    reader.reset(views);
    (void)reader.varint(0);
    return !reader.ok();
  };
  EXPECT_FALSE(fails({0x80, 0x01}));
  EXPECT_TRUE(fails({}));
  EXPECT_TRUE(fails({0x80}));
  EXPECT_TRUE(fails({0x80, 0x00}));
  EXPECT_TRUE(fails({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}));
}

}  // namespace
}  // namespace owl::codec
