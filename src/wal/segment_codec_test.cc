#include <gtest/gtest.h>

#include <random>

#include "codec/blob_decoder.h"
#include "codec/wal_codec.h"
#include "codec/wal_split.h"
#include "postgres/wal_builder.h"
#include "postgres/wal_sample_records.h"
#include "wal/wal_object.h"

// The WAL codec over segments that the builder of WAL makes: of every version, with every accident.

namespace owl::wal {
namespace {

using codec::WalDecoder;
using codec::WalEncoder;
using postgres::WalBuilder;
namespace sample = postgres::sample;

constexpr std::uint32_t page_size = WalBuilder::page_size;

/// Encodes, and proves by decoding; empty: the codec did not take it.
Bytes round_trip(WalEncoder& encoder, ByteView segment) {
  Bytes out(WalEncoder::bound(segment.size()));
  out.resize(encoder.encode(segment, out));
  EXPECT_EQ(encoder.counters().unproven, 0u);
  if (out.empty()) return out;
  Bytes back(segment.size(), 0xee);
  const auto decoded = WalDecoder().decode(out, back);
  EXPECT_TRUE(decoded) << decoded.error().message();
  EXPECT_TRUE(equal(back, segment));
  return out;
}

Bytes counted(std::mt19937& random, std::size_t size) {
  Bytes out(size);
  const auto begin = random();
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(begin + i * 7 + (random() % 16 == 0));
  return out;
}

/// A heap page with some tuples, as an image without its hole.
Bytes page_image(std::mt19937& random, std::uint16_t& hole_at) {
  Bytes page(8192);
  const auto store = [&](std::size_t at, std::uint32_t value, std::size_t size) {
    std::memcpy(page.data() + at, &value, size);
  };
  const auto items = static_cast<std::uint32_t>(random() % 40 + 1);
  std::uint32_t upper = 8192;
  for (std::uint32_t i = 0; i < items; ++i) {
    upper -= 48;
    store(24 + 4 * i, upper | 1u << 15 | 45u << 17, 4);
    store(upper, 700 + i, 4);
    store(upper + 16, i + 1, 2);
    store(upper + 18, 0x08020003, 4);
    store(upper + 22, 24, 1);
    for (std::uint32_t k = 24; k < 45; ++k) page[upper + k] = static_cast<std::uint8_t>(random() % 4 + k);
  }
  store(12, 24 + 4 * items, 2);
  store(14, upper, 2);
  store(16, 8192, 2);
  store(18, 8192 | 4, 2);
  hole_at = static_cast<std::uint16_t>(24 + 4 * items);
  page.erase(page.begin() + hole_at, page.begin() + upper);
  return page;
}

WalBuilder::Record with_page(std::mt19937& random, int major, const postgres::RelationFile& file) {
  WalBuilder::Record record{.resource_manager = 0, .info = 0xb0, .main_data = {}};
  std::uint16_t hole_at = 0;
  record.block_data = page_image(random, hole_at);
  BinaryWriter out(record.fragments);
  out.u8(0);
  out.u8(0x10);
  out.u16(0);
  out.u16(static_cast<std::uint16_t>(record.block_data.size()));
  out.u16(hole_at);
  out.u8(major <= 14 ? 0x05 : 0x03);
  for (const auto oid : {file.tablespace, file.database, file.relation}) out.u32(oid);
  out.u32(static_cast<std::uint32_t>(random() % 1000));
  return record;
}

/// COPY's records: tuples with headers of their own in one block's data.
WalBuilder::Record multi_insert(std::mt19937& random, const postgres::RelationFile& file, bool broken) {
  Bytes tuples;
  const auto count = random() % 20 + 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (tuples.size() % 2 != 0) tuples.push_back(static_cast<std::uint8_t>(random()));
    const auto data = counted(random, random() % 50 + 1);
    const std::uint8_t nulls = random() % 5 == 0 ? 9 : 1;
    BinaryWriter out(tuples);
    out.u16(static_cast<std::uint16_t>(data.size() + nulls + (broken && i == 0 ? 1000 : 0)));
    out.u16(4);
    out.u16(0x0902);
    out.u8(static_cast<std::uint8_t>(23 + nulls));
    out.raw(counted(random, nulls));
    out.raw(data);
  }
  auto record = sample::with_blocks(
      9, 0x50, 700, 15, {{.file = file, .block = 3, .data_size = static_cast<std::uint16_t>(tuples.size())}},
      counted(random, 4 + 2 * count));
  record.block_data = std::move(tuples);
  return record;
}

WalBuilder::Record any_record(std::mt19937& random, int major) {
  const postgres::RelationFile file{1663, 5, static_cast<postgres::Oid>(16384 + random() % 5)};
  const auto block = static_cast<postgres::BlockNumber>(random() % 5000);
  const auto xid = static_cast<std::uint32_t>(700 + random() % 50);
  switch (random() % 12) {
    case 0:
      return with_page(random, major, file);
    case 1:
      return multi_insert(random, file, random() % 10 == 0);
    case 2:
      return sample::transaction_end({.xid = xid, .invalidations = static_cast<std::uint32_t>(random() % 4)}, major);
    case 3: {
      const auto image = static_cast<sample::Image>(random() % 4);
      return sample::heap_insert(file, block, major, static_cast<std::uint16_t>(random() % 300 + 1), image);
    }
    case 4:
      return {.resource_manager = 21, .xid = xid, .main_data = counted(random, random() % 30'000)};
    case 5: {  // origin and top-level transaction, which 13 doesn't know
      WalBuilder::Record record{.resource_manager = 10, .xid = xid, .main_data = counted(random, 20)};
      BinaryWriter out(record.fragments);
      out.u8(253);
      out.u16(static_cast<std::uint16_t>(random()));
      if (major >= 14) out.u8(252), out.u32(xid);
      return record;
    }
    case 6:
      return sample::with_blocks(11, 0x00, xid, major,
                                 {{.file = file, .block = block, .data_size = 24},
                                  {.file = file, .block = block + 1, .same_file = true, .data_size = 8}},
                                 counted(random, 6));
    default: {
      auto record = sample::heap_insert(file, block, major, static_cast<std::uint16_t>(40 + random() % 3));
      record.xid = xid;
      record.block_data = counted(random, record.block_data.size());
      return record;
    }
  }
}

std::vector<Bytes> segments_of(std::mt19937& random, int major, std::size_t count) {
  WalBuilder wal({.major = major});
  while (wal.segments().size() <= count) {
    const auto what = random() % 4000;
    if (what == 0) wal.add_cut_off(20'000);
    if (what == 1) wal.add_switch();
    wal.add(any_record(random, major));
  }
  return wal.segments();
}

class SegmentCodec : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, SegmentCodec, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

TEST_P(SegmentCodec, GivesEverySegmentBack) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  WalEncoder encoder(3);
  std::size_t split = 0;
  const auto segments = segments_of(random, GetParam(), 6);
  for (const auto& segment : segments) split += round_trip(encoder, segment).empty() ? 0u : 1u;
  EXPECT_GE(split, segments.size() - 1);  // a record that was cut off near a segment's begin leaves nothing to split
  EXPECT_GE(encoder.counters().split + encoder.counters().plain, segments.size());
}

TEST_P(SegmentCodec, GivesDamagedSegmentsBack) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  WalEncoder encoder(3);
  auto segments = segments_of(random, GetParam(), 2);
  for (int round = 0; round < 40; ++round) {
    auto segment = segments[random() % segments.size()];
    for (auto flips = random() % 4 + 1; flips > 0; --flips) {
      const auto page = random() % (segment.size() / page_size) * page_size;
      segment[random() % 2 == 0 ? page + random() % 24 : random() % segment.size()] ^=
          static_cast<std::uint8_t>(1u << random() % 8);
    }
    round_trip(encoder, segment);
  }
}

TEST_P(SegmentCodec, DecodesNothingThatIsDamaged) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  WalEncoder encoder(3);
  Bytes segment, encoded;
  while (encoded.empty()) {  // a record that was cut off near its begin leaves nothing to split
    segment = segments_of(random, GetParam(), 1).front();
    encoded = round_trip(encoder, segment);
  }
  WalDecoder decoder;
  Bytes back(segment.size());
  for (std::size_t size = 0; size < encoded.size(); size += 1 + encoded.size() / 200) {
    EXPECT_FALSE(decoder.decode(ByteView(encoded).first(size), back)) << size;
  }
  for (int round = 0; round < 400; ++round) {
    auto damaged = encoded;
    damaged[random() % damaged.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
    (void)decoder.decode(damaged, back);  // zstd keeps no checksum: the object's own code tells
  }
  EXPECT_FALSE(decoder.decode(encoded, MutableBytes(back).first(back.size() - page_size)));
  Bytes longer(segment.size() + page_size);
  EXPECT_FALSE(decoder.decode(encoded, longer));
}

/// Streams themselves may say anything: the joiner fails, and writes nowhere else (sanitizers look on).
TEST_P(SegmentCodec, JoinsNothingFromDamagedStreams) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto segment = segments_of(random, GetParam(), 1).front();
  codec::WalSplitter splitter;
  ASSERT_TRUE(splitter.split(segment, page_size));
  codec::WalJoiner joiner;
  std::size_t failed = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<Bytes> copies;
    std::vector<ByteView> views;
    for (std::size_t i = 0; i < splitter.streams().count(); ++i) {
      auto copy = to_bytes(splitter.streams().view(i));
      const bool is_control = i == codec::wal_stream::control;
      if (!copy.empty() && (is_control || random() % 40 == 0)) {
        copy[random() % copy.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
        if (random() % 8 == 0) copy.resize(random() % copy.size());
      }
      copy.resize(copy.size() + codec::stream_slack);
      copies.push_back(std::move(copy));
    }
    for (const auto& copy : copies) views.push_back(ByteView(copy).first(copy.size() - codec::stream_slack));
    Bytes back(segment.size());
    const auto joined = joiner.join(views, back);
    failed += joined ? 0u : 1u;
  }
  EXPECT_GT(failed, 200u);
}

TEST(SegmentCodecOf, OtherBytesIsRefused) {
  std::mt19937 random(4);
  WalEncoder encoder(3);
  EXPECT_TRUE(round_trip(encoder, {}).empty());
  EXPECT_TRUE(round_trip(encoder, Bytes(1 << 20)).empty());
  EXPECT_TRUE(round_trip(encoder, counted(random, 100'000)).empty());
  Bytes head = segments_of(random, 15, 1).front();
  head.resize(30);
  EXPECT_TRUE(round_trip(encoder, head).empty());
}

TEST(SegmentCodecOf, ASwitchedSegmentIsSmall) {
  WalBuilder wal;
  wal.add_sized(100);
  wal.add_switch();
  wal.add_sized(100);
  WalEncoder encoder(3);
  const auto encoded = round_trip(encoder, wal.segments().front());
  EXPECT_FALSE(encoded.empty());
  EXPECT_LT(encoded.size(), 500u);
}

TEST(SegmentCodecOf, ARecordOverManySegmentsIsGivenBack) {
  WalBuilder wal;
  wal.add_sized(300);
  wal.add_sized(3'500'000);
  wal.add_sized(300);
  WalEncoder encoder(3);
  for (const auto& segment : wal.segments()) round_trip(encoder, segment);
}

/// Larger ones are taken apart by stretches of 4 MiB.
TEST(SegmentCodecOf, ALargeSegmentIsGivenBack) {
  std::mt19937 random(5);
  Bytes large;
  for (const auto& segment : segments_of(random, 16, 10)) append(large, segment);
  large.resize(10u << 20);
  WalEncoder encoder(3);
  const auto encoded = round_trip(encoder, large);
  EXPECT_FALSE(encoded.empty());
  EXPECT_EQ(encoder.counters().split + encoder.counters().plain, 3u);
}

TEST(SegmentCodecOf, WhatWasStoredIsSmallerThanByZstdAlone) {
  std::mt19937 random(6);
  WalCompressor compressor(3);
  std::size_t with = 0, without = 0;
  for (const auto& segment : segments_of(random, 17, 4)) {
    const auto content = compressor.compress(segment);
    EXPECT_EQ(content.codec, static_cast<std::uint8_t>(codec::Codec::wal));
    EXPECT_FALSE(content.unproven);
    Bytes back(segment.size());
    EXPECT_TRUE(codec::BlobDecoder().decode(codec::Codec::wal, content.bytes, back));
    EXPECT_EQ(back, segment);
    with += content.bytes.size();
    without += codec::compress(segment, 1).size();
  }
  EXPECT_LT(with, without);
}

}  // namespace
}  // namespace owl::wal
