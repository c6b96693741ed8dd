#include "base/binary.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <random>

namespace owl {
namespace {

constexpr auto u64_max = std::numeric_limits<std::uint64_t>::max();

Bytes varint_bytes(std::uint64_t value) {
  Bytes out;
  BinaryWriter(out).varint(value);
  return out;
}

std::string failure_text(const Result<void>& result) {
  return result ? "success" : result.error().what();
}

TEST(Binary, FixedIntegersAreLittleEndian) {
  Bytes out;
  BinaryWriter writer(out);
  writer.u8(0x01);
  writer.u16(0x0302);
  writer.u32(0x07060504);
  writer.u64(0x0f0e0d0c0b0a0908);
  EXPECT_EQ(to_hex(out), "0102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(writer.position(), 15U);
  BinaryReader reader(out);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0302);
  EXPECT_EQ(reader.u32(), 0x07060504U);
  EXPECT_EQ(reader.u64(), 0x0f0e0d0c0b0a0908U);
  EXPECT_TRUE(reader.finish("a record"));
}

TEST(Binary, VarintEncodings) {
  const std::pair<std::uint64_t, const char*> cases[] = {
      {0, "00"},
      {1, "01"},
      {127, "7f"},
      {128, "8001"},
      {300, "ac02"},
      {16383, "ff7f"},
      {16384, "808001"},
      {1ULL << 63, "80808080808080808001"},
      {u64_max, "ffffffffffffffffff01"},
  };
  for (const auto& [value, hex] : cases) {
    const auto bytes = varint_bytes(value);
    EXPECT_EQ(to_hex(bytes), hex);
    BinaryReader reader(bytes);
    EXPECT_EQ(reader.varint(), value);
    EXPECT_TRUE(reader.finish("a number"));
  }
}

TEST(Binary, SignedVarints) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::int64_t{-64}, std::int64_t{64},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    Bytes out;
    BinaryWriter(out).signed_varint(value);
    BinaryReader reader(out);
    EXPECT_EQ(reader.signed_varint(), value);
    EXPECT_TRUE(reader.finish("a number"));
  }
  Bytes small;
  BinaryWriter(small).signed_varint(-64);
  EXPECT_EQ(to_hex(small), "7f") << "small negative numbers are short";
}

TEST(Binary, EveryVarintHasOneEncoding) {
  for (const char* hex : {"8000", "808000", "ff8000", "80808080808080808000"}) {
    const auto bytes = value_or_throw(from_hex(hex));
    BinaryReader reader(bytes);
    EXPECT_EQ(reader.varint(), 0U) << hex;
    EXPECT_FALSE(reader.ok()) << hex;
  }
}

TEST(Binary, VarintsBeyond64BitsAreRefused) {
  for (const char* hex :
       {"ffffffffffffffffff02", "ffffffffffffffffff7f", "ffffffffffffffffffff01", "80808080808080808080808001"}) {
    const auto bytes = value_or_throw(from_hex(hex));
    BinaryReader reader(bytes);
    reader.varint();
    EXPECT_FALSE(reader.ok()) << hex;
  }
}

TEST(Binary, BytesAndText) {
  Bytes out;
  BinaryWriter writer(out);
  writer.text("owl");
  writer.bytes({});
  writer.raw(as_bytes("xy"));
  EXPECT_EQ(to_hex(out), "036f776c007879");
  BinaryReader reader(out);
  EXPECT_EQ(reader.text(), "owl");
  EXPECT_TRUE(reader.bytes().empty());
  EXPECT_EQ(reader.remaining(), 2U);
  EXPECT_EQ(reader.array<2>(), (ByteArray<2>{'x', 'y'}));
  EXPECT_EQ(reader.position(), out.size());
  EXPECT_TRUE(reader.finish("a record"));
}

TEST(BinaryReader, FailureSticks) {
  const Bytes bytes{1, 2, 3};
  BinaryReader reader(bytes);
  EXPECT_EQ(reader.u64(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0) << "although a byte is there";
  EXPECT_EQ(reader.varint(), 0U);
  EXPECT_TRUE(reader.raw(1).empty());
  EXPECT_TRUE(reader.text().empty());
  EXPECT_EQ(reader.count(1), 0U);
  EXPECT_EQ(reader.array<2>(), (ByteArray<2>{}));
  EXPECT_EQ(failure_text(reader.status("the header")), "the header is cut short or malformed at byte 0");
  EXPECT_EQ(failure_text(reader.finish("the header")), "the header is cut short or malformed at byte 0");
}

TEST(BinaryReader, FinishWantsEveryByteRead) {
  const Bytes bytes{1, 2, 3};
  BinaryReader reader(bytes);
  reader.u8();
  EXPECT_TRUE(reader.status("the header"));
  EXPECT_EQ(failure_text(reader.finish("the header")), "the header has 2 bytes too many");
  EXPECT_EQ(reader.finish("the header").error().kind(), ErrorKind::integrity);
}

TEST(BinaryReader, ACallerMayFailIt) {
  BinaryReader reader({});
  EXPECT_TRUE(reader.finish("nothing"));
  reader.fail();
  EXPECT_FALSE(reader.finish("nothing"));
}

TEST(BinaryReader, HostileLengthsReadNothing) {
  for (const std::uint64_t length : {std::uint64_t{5}, std::uint64_t{1} << 32, std::uint64_t{1} << 63, u64_max}) {
    auto bytes = varint_bytes(length);
    append(bytes, as_bytes("four"));
    BinaryReader reader(bytes);
    EXPECT_TRUE(reader.bytes().empty()) << length;
    EXPECT_FALSE(reader.ok()) << length;
  }
  const Bytes bytes{1};
  BinaryReader reader(bytes);
  EXPECT_TRUE(reader.raw(std::numeric_limits<std::size_t>::max()).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(BinaryReader, HostileCountsAllocateNothing) {
  const auto count = [](std::uint64_t claimed, std::size_t following,
                        std::size_t item_size) -> std::optional<std::size_t> {
    auto bytes = varint_bytes(claimed);
    bytes.resize(bytes.size() + following);
    BinaryReader reader(bytes);
    const auto items = reader.count(item_size);
    if (!reader.ok()) {
      EXPECT_EQ(items, 0U);
      return std::nullopt;
    }
    return items;
  };
  EXPECT_EQ(count(0, 0, 8), 0U);
  EXPECT_EQ(count(3, 24, 8), 3U);
  EXPECT_EQ(count(3, 30, 8), 3U);
  EXPECT_EQ(count(4, 31, 8), std::nullopt);
  EXPECT_EQ(count(1, 0, 1), std::nullopt);
  EXPECT_EQ(count(u64_max, 100, 1), std::nullopt);
  EXPECT_EQ(count(u64_max / 8 + 2, 100, 8), std::nullopt) << "a product that overflows to something small";
}

/// Whatever the bytes are, reading them ends, stays inside them, and never succeeds past a failure.
TEST(BinaryReader, RandomBytesAreHarmless) {
  std::mt19937 random(20261122);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(random() % 40);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    BinaryReader reader(bytes);
    for (int step = 0; step < 10; ++step) {
      const bool was_ok = reader.ok();
      switch (random() % 5) {
        case 0:
          reader.varint();
          break;
        case 1:
          reader.signed_varint();
          break;
        case 2:
          EXPECT_LE(reader.bytes().size(), bytes.size());
          break;
        case 3:
          EXPECT_LE(reader.count(2), bytes.size());
          break;
        default:
          reader.u16();
          break;
      }
      EXPECT_LE(reader.position(), bytes.size());
      EXPECT_TRUE(was_ok || !reader.ok());
    }
  }
}

}  // namespace
}  // namespace owl
