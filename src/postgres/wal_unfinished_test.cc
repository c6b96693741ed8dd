#include "postgres/wal_unfinished.h"

#include <gtest/gtest.h>

#include "postgres/wal_recorder.h"
#include "postgres/wal_sample_records.h"

namespace owl::postgres {
namespace {

constexpr RelationFile table{1663, 5, 16384}, other{1700, 5, 16400};
constexpr Lsn start{0x3000100}, end{0x3100080};

std::vector<RelationFile> many_files(std::size_t count) {
  std::vector<RelationFile> files;
  for (std::size_t i = 0; i < count; ++i) files.push_back({1663, 5, static_cast<Oid>(20000 + i)});
  return files;
}

std::vector<WalBuilder::Record> records_of(int major) {
  std::vector<WalBuilder::Record> records{
      sample::heap_insert(table, 77, major, 300),
      sample::heap_insert(table, 78, major, 0, sample::Image::with_hole),
      sample::with_blocks(10, 0x20, 701, major,
                          {{.file = table, .block = 1, .image = sample::Image::compressed, .data_size = 90},
                           {.block = 2, .same_file = true, .image = sample::Image::whole},
                           {.file = other, .block = 3, .fork = 2, .data_size = 17}},
                          Bytes(400, 0x33)),
      sample::relation_create(table),
      sample::relation_truncate(table, 12),
      sample::transaction_end({.dropped = many_files(40), .subtransactions = {1, 2}, .invalidations = 5}, major),
      sample::transaction_end({.operation = xact::abort_prepared, .xid = 99, .dropped = {table}}, major),
      sample::database_create(16500, 1663, true, major),
      sample::database_drop(16500, {1663, 1700}, major),
      sample::parameter_change(0),
      {.resource_manager = 21, .main_data = Bytes(3000, sample::row_byte)},
      {.resource_manager = 0, .info = xlog::segment_switch, .xid = 0},
  };
  return records;
}

UnfinishedRecord joined(ByteView record, std::vector<std::size_t> cuts, int major) {
  auto unfinished = begin_unfinished(record.first(cuts[0]), start, major);
  cuts.push_back(record.size());
  for (std::size_t i = 1; i < cuts.size(); ++i) {
    const auto part = next_part(unfinished, record.subspan(cuts[i - 1], cuts[i] - cuts[i - 1]), major);
    EXPECT_TRUE(part) << cuts[i - 1];
    if (part) append_part(unfinished, *part);
  }
  return unfinished;
}

/// What the record means when it is at hand as a whole.
WalRecorder whole(const WalBuilder::Record& record, int major) {
  WalBuilder wal({.major = major});
  wal.add(record);
  WalRecorder seen;
  WalWalker(WalBuilder::segment_size).feed(wal.segments()[0], wal.id_of(0), seen);
  return seen;
}

void expect_same(const WalRecorder& joined, const WalRecorder& whole) {
  ASSERT_EQ(joined.records.size(), 1u);
  ASSERT_EQ(whole.records.size(), 1u);
  EXPECT_EQ(joined.records[0].head.xid, whole.records[0].head.xid);
  ASSERT_EQ(joined.records[0].blocks.size(), whole.records[0].blocks.size());
  for (std::size_t i = 0; i < whole.records[0].blocks.size(); ++i) {
    const auto &a = joined.records[0].blocks[i], &b = whole.records[0].blocks[i];
    EXPECT_EQ(a.file(), b.file());
    EXPECT_EQ(a.block, b.block);
    EXPECT_EQ(a.fork, b.fork);
    EXPECT_EQ(a.has_image, b.has_image);
  }
  ASSERT_EQ(joined.ends.size(), whole.ends.size());
  for (std::size_t i = 0; i < whole.ends.size(); ++i) EXPECT_EQ(joined.ends[i].dropped, whole.ends[i].dropped);
  EXPECT_EQ(joined.creates.size(), whole.creates.size());
  EXPECT_EQ(joined.truncates.size(), whole.truncates.size());
  EXPECT_EQ(joined.database_creates.size(), whole.database_creates.size());
  EXPECT_EQ(joined.database_drops.size(), whole.database_drops.size());
  EXPECT_EQ(joined.changes.size(), whole.changes.size());
}

class Unfinished : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, Unfinished, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

TEST_P(Unfinished, IsPutTogetherWhereverItWasCut) {
  for (const auto& record : records_of(GetParam())) {
    const Bytes bytes = WalBuilder().encode(record);
    const auto expected = whole(record, GetParam());
    for (std::size_t cut = 8; cut < bytes.size(); cut += cut < 2000 ? 8 : 1000) {
      WalRecorder seen;
      ASSERT_TRUE(finish_record(joined(bytes, {cut}, GetParam()), end, GetParam(), seen)) << cut;
      expect_same(seen, expected);
      EXPECT_EQ(seen.records[0].head.lsn, start);
      EXPECT_EQ(seen.records[0].head.end, end);
    }
  }
}

TEST_P(Unfinished, IsPutTogetherOutOfManyParts) {
  for (const auto& record : records_of(GetParam())) {
    const Bytes bytes = WalBuilder().encode(record);
    std::vector<std::size_t> cuts;
    for (std::size_t cut = 8; cut < bytes.size(); cut += 40) cuts.push_back(cut);
    WalRecorder seen;
    ASSERT_TRUE(finish_record(joined(bytes, cuts, GetParam()), end, GetParam(), seen));
    expect_same(seen, whole(record, GetParam()));
  }
}

TEST_P(Unfinished, NeverKeepsRows) {
  const Bytes row(4, sample::row_byte);
  for (const auto& record : records_of(GetParam())) {
    const Bytes bytes = WalBuilder().encode(record);
    for (std::size_t cut = 8; cut < bytes.size(); cut += cut < 2000 ? 8 : 1000) {
      const auto kept = joined(bytes, {cut}, GetParam()).kept;
      EXPECT_TRUE(std::ranges::search(kept, row).empty()) << cut;
    }
  }
}

TEST_P(Unfinished, AChangedByteAnywhereIsNoticed) {
  for (const auto& record : records_of(GetParam())) {
    const Bytes bytes = WalBuilder().encode(record);
    for (std::size_t at = 0; at < bytes.size(); at += at < 500 ? 1 : 173) {
      Bytes changed = bytes;
      changed[at] ^= 0x40;
      WalRecorder seen;
      auto unfinished = begin_unfinished(ByteView(changed).first(24), start, GetParam());
      const auto part = next_part(unfinished, ByteView(changed).subspan(24), GetParam());
      if (part) append_part(unfinished, *part);
      EXPECT_FALSE(finish_record(unfinished, end, GetParam(), seen)) << at;
    }
  }
}

TEST_P(Unfinished, OfUnknownBytesOnlyWhatMeansNothingCanBeJoined) {
  const int major = GetParam();
  const auto join_blindly = [&](const WalBuilder::Record& record, std::size_t cut) {
    const Bytes bytes = WalBuilder().encode(record);
    auto unfinished = begin_unfinished(ByteView(bytes).first(cut), start, major);
    append_part(unfinished, part_of_unknown(ByteView(bytes).subspan(cut)));
    WalRecorder seen;
    return finish_record(unfinished, end, major, seen);
  };
  const auto row = sample::heap_insert(table, 77, major, 300);
  EXPECT_TRUE(join_blindly(row, 56));   // all headers came before
  EXPECT_FALSE(join_blindly(row, 40));  // the block's number didn't
  EXPECT_FALSE(join_blindly(row, 16));  // nor the record's own checksum
  EXPECT_FALSE(join_blindly(sample::transaction_end({.dropped = many_files(9)}, major), 64));
}

TEST(UnfinishedRecord, TooMuchIsNotKept) {
  const auto record = sample::transaction_end({.dropped = many_files(most_kept_bytes / 12 + 1)}, 15);
  const Bytes bytes = WalBuilder().encode(record);
  const auto unfinished = joined(bytes, {64}, 15);
  EXPECT_LT(unfinished.kept.size(), 64u);
  WalRecorder seen;
  EXPECT_FALSE(finish_record(unfinished, end, 15, seen));
}

TEST(UnfinishedRecord, APartOfAnotherRecordIsRefused) {
  const Bytes bytes = WalBuilder().encode(sample::heap_insert(table, 1, 15, 300));
  const auto unfinished = begin_unfinished(ByteView(bytes).first(64), start, 15);
  EXPECT_FALSE(next_part(unfinished, Bytes(bytes.size()), 15));  // more than was still to come
}

TEST(ContinuationOfSegment, IsReadOverPagesAndEndsWhereACrashCutItOff) {
  WalBuilder wal;
  wal.add_sized(WalBuilder::segment_size - 20'000);
  wal.add_sized(50'000);
  const auto found = read_continuation(wal.segments()[1], WalBuilder::page_size);
  EXPECT_EQ(found.remaining, found.bytes.size());
  EXPECT_GT(found.remaining, 30'000u);
  EXPECT_FALSE(found.dropped || found.broken);

  const auto none = read_continuation(wal.segments()[0], WalBuilder::page_size);
  EXPECT_EQ(none.remaining, 0u);
  EXPECT_TRUE(none.bytes.empty());

  Bytes broken = wal.segments()[1];
  set_field<std::uint32_t>(broken, 2 * 8192 + 16, 5);
  EXPECT_TRUE(read_continuation(broken, WalBuilder::page_size).broken);

  set_field<std::uint16_t>(broken, 2 * 8192 + 2, 0x0008);
  const auto dropped = read_continuation(broken, WalBuilder::page_size);
  EXPECT_TRUE(dropped.dropped);
  EXPECT_EQ(dropped.remaining, found.remaining);
}

}  // namespace
}  // namespace owl::postgres
