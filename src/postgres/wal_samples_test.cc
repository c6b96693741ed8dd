#include <gtest/gtest.h>

#include <map>
#include <random>

#include "postgres/test_samples.h"
#include "postgres/wal_recorder.h"

// Three segments of 1 MiB that a real server of each version wrote; testdata/postgres/README.md says what it was doing.

namespace owl::postgres {
namespace {

constexpr std::uint32_t segment_size = 1 << 20;

struct Sample {
  explicit Sample(int major) : bytes(compressed_sample("wal_" + std::to_string(major) + ".compressed")) {
    begin = value_or_throw(parse_segment_header(bytes)).page_address;
  }
  std::size_t segments() const { return bytes.size() / segment_size; }
  ByteView segment(std::size_t index) const { return ByteView(bytes).subspan(index * segment_size, segment_size); }
  SegmentId id(std::size_t index) const { return segment_of(1, begin + index * segment_size, segment_size); }

  Bytes bytes;
  Lsn begin;
};

WalRecorder walked(const Sample& sample) {
  WalRecorder seen;
  WalWalker walker(segment_size);
  WalWalker::Progress progress;
  for (std::size_t i = 0; i < sample.segments(); ++i) progress = walker.feed(sample.segment(i), sample.id(i), seen);
  EXPECT_FALSE(progress.ended) << progress.end_reason;
  EXPECT_FALSE(progress.record_unfinished);
  EXPECT_EQ(progress.next, sample.begin + sample.bytes.size());
  return seen;
}

TEST(WalSamples, EveryRecordOfEveryVersion) {
  const std::map<int, std::size_t> counts{{13, 148}, {14, 142}, {15, 145}, {16, 145}, {17, 142}, {18, 145}};
  for (const auto& [major, count] : counts) {
    const auto seen = walked(Sample(major));
    EXPECT_EQ(seen.records.size(), count) << major;
    Lsn previous = seen.records[0].head.previous;
    std::size_t images = 0;
    for (const auto& record : seen.records) {
      EXPECT_EQ(record.head.previous, previous);
      previous = record.head.lsn;
      for (const auto& block : record.blocks) images += block.has_image ? 1 : 0;
    }
    EXPECT_GT(images, 20u) << major;
  }
}

TEST(WalSamples, TransactionsEndAsTheyDid) {
  for (int major = 13; major <= 18; ++major) {
    const auto seen = walked(Sample(major));
    std::vector<bool> commits;
    for (const auto& end : seen.ends) commits.push_back(end.commit);
    // Two updates; a savepoint rolled back, its transaction committed; one aborted; a prepared one committed, another
    // rolled back; CREATE TABLESPACE; the large message.
    EXPECT_EQ(commits, (std::vector<bool>{true, true, false, true, false, true, false, true, true})) << major;

    std::vector<TransactionId> prepared;
    for (const auto& record : seen.records) {
      if (record.head.resource_manager == 1 && (record.head.info & 0x70) == 0x10) prepared.push_back(record.head.xid);
    }
    ASSERT_EQ(prepared.size(), 2u);
    EXPECT_EQ(seen.ends[5].xid, prepared[0]);
    EXPECT_EQ(seen.ends[6].xid, prepared[1]);
    for (std::size_t i = 1; i < seen.ends.size(); ++i) EXPECT_LE(seen.ends[i - 1].time, seen.ends[i].time);
    EXPECT_EQ(to_iso(seen.ends[0].time).substr(0, 13), "2026-11-23T01");
  }
}

TEST(WalSamples, OtherEvents) {
  for (int major = 13; major <= 18; ++major) {
    const auto seen = walked(Sample(major));
    ASSERT_EQ(seen.points.size(), 2u);
    EXPECT_EQ(seen.points[0].name, "before");
    EXPECT_EQ(seen.points[1].name, "after");
    EXPECT_LE(seen.points[0].time, seen.ends[0].time);
    ASSERT_EQ(seen.tablespaces.size(), 1u);
    EXPECT_EQ(seen.tablespaces[0].path, "/tmp/pgv_h/s" + std::to_string(major) + ".ts");
    EXPECT_GE(seen.tablespaces[0].oid, 16384u);
  }
}

TEST(WalSamples, AFlippedBitNeverYieldsARecordThatWasNotWritten) {
  std::mt19937 random(20261123);
  for (int major = 13; major <= 18; ++major) {
    const Sample sample(major);
    const auto whole = walked(sample);
    for (int round = 0; round < 60; ++round) {
      const std::size_t bit = random() % (200'000 * 8);  // where the records are dense
      const Bytes flipped = with_flipped_bit(sample.segment(0), bit);
      WalRecorder seen;
      WalWalker walker(segment_size);
      walker.feed(flipped, sample.id(0), seen);
      ASSERT_LE(seen.records.size(), whole.records.size());
      for (std::size_t i = 0; i < seen.records.size(); ++i) {
        ASSERT_EQ(seen.records[i].head.lsn, whole.records[i].head.lsn) << major << " bit " << bit;
        ASSERT_EQ(seen.records[i].main_data, whole.records[i].main_data) << major << " bit " << bit;
      }
    }
  }
}

TEST(WalSamples, ATruncatedSegmentGivesAPrefix) {
  const Sample sample(15);
  const auto whole = walked(sample);
  for (std::size_t size = 0; size < 200'000; size += 1777) {
    WalRecorder seen;
    WalWalker walker(segment_size);
    const auto progress = walker.feed(sample.segment(0).first(size), sample.id(0), seen);
    ASSERT_TRUE(progress.ended);
    ASSERT_LE(seen.records.size(), whole.records.size());
    if (seen.records.size() < whole.records.size() && size > 40) {
      EXPECT_EQ(progress.next, whole.records[seen.records.size()].head.lsn) << size;
    }
  }
}

}  // namespace
}  // namespace owl::postgres
