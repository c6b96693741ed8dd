#include <gtest/gtest.h>

#include <random>

#include "codec/wal_lane_plan.h"

namespace owl::codec {
namespace {

constexpr std::size_t limit = 64u << 20;

struct Rows {
  Bytes bytes;
  std::vector<LaneRow> rows;
  std::vector<std::uint32_t> xids;

  void add(ByteView row, std::uint32_t xid) {
    rows.push_back({static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(row.size())});
    append(bytes, row);
    xids.push_back(xid);
  }
  RowBases bases() const { return {bytes.data(), bytes.data()}; }
};

std::vector<ByteView> views_of(const StreamSet& streams) {
  std::vector<ByteView> out;
  for (std::size_t i = 0; i < streams.count(); ++i) out.push_back(streams.view(i));
  return out;
}

void expect_same(const Rows& rows, LanePlan plan) {
  StreamSet streams(wal_stream::count);
  LaneWriter writer;
  writer.put(rows.rows, rows.xids, rows.bases(), plan, streams);
  StreamReader reader;
  const auto views = views_of(streams);
  reader.reset(views);
  LaneReader lanes;
  const auto lane = lanes.read(reader, rows.xids, limit);
  ASSERT_TRUE(reader.finished());
  ASSERT_TRUE(equal({lanes.row(lane.begin), rows.bytes.size()}, rows.bytes));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    ASSERT_EQ(lanes.sizes()[lane.first_size + (lane.alike ? 0 : i)], rows.rows[i].size);
  }
}

/// Rows of a counter, a clock, the transaction's id, something constant, and text of many lengths.
Rows sample(std::mt19937& random, std::size_t count, std::size_t most_text) {
  Rows out;
  std::uint64_t clock = 0x2a3b4c5d6e7f;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t xid = 700 + i / 3;
    Bytes row;
    const auto put = [&](std::uint64_t value, std::size_t size) {
      for (std::size_t k = 0; k < size; ++k) row.push_back(static_cast<std::uint8_t>(value >> (8 * k)));
    };
    put(i * 8, 4);
    put(clock += random() % 5000, 8);
    put(xid, 4);
    put(0x0902, 2);
    put(random(), 2);
    for (std::size_t k = most_text == 0 ? 0 : random() % most_text; k > 0; --k) {
      row.push_back(static_cast<std::uint8_t>('a' + random() % 16));
    }
    out.add(row, xid);
  }
  return out;
}

TEST(WalLane, ComesBackByWhateverPlan) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    const auto rows = sample(random, random() % 1500 + 1, random() % 2 == 0 ? 0 : random() % 60);
    LanePlan plan;
    while (plan.width + 8u <= LanePlan::largest_width && random() % 12 != 0) {
      const auto form = static_cast<LaneForm>(random() % lane_forms);
      for (std::size_t i = 0; i < width_of(form); ++i) {
        plan.places[plan.width + i] = static_cast<std::uint8_t>(random() % (LanePlan::constant + 1));
      }
      plan.add(form);
    }
    expect_same(rows, plan);
    if (HasFatalFailure()) return;
  }
}

TEST(WalLane, PlansFindCountersClocksAndTransactions) {
  std::mt19937 random(1);
  const auto rows = sample(random, 2000, 0);
  LanePlanner planner;
  const auto plan = planner.plan_for(1, rows.rows, rows.xids, rows.bases());
  expect_same(rows, plan);
  StreamSet cut(wal_stream::count), whole(wal_stream::count);
  LaneWriter writer;
  auto used = plan;
  LanePlan none;
  writer.put(rows.rows, rows.xids, rows.bases(), used, cut);
  writer.put(rows.rows, rows.xids, rows.bases(), none, whole);
  // Of 20 bytes: one of the counter's differences or none, two of the clock's, none of the transaction's, two of noise.
  EXPECT_LT(cut.total_size(), whole.total_size() / 3);
}

TEST(WalLane, APlanOfOtherRowsOnlyCostsBytes) {
  std::mt19937 random(2);
  const auto like = sample(random, 2000, 30), other = sample(random, 700, 0);
  Rows noise;
  for (std::uint32_t i = 0; i < 900; ++i) {
    Bytes row(random() % 40);
    for (auto& byte : row) byte = static_cast<std::uint8_t>(random());
    noise.add(row, i);
  }
  LanePlanner planner;
  const auto plan = planner.plan_for(1, like.rows, like.xids, like.bases());
  EXPECT_EQ(planner.plan_for(1, noise.rows, noise.xids, noise.bases()).width, plan.width);
  expect_same(like, plan);
  expect_same(other, plan);
  expect_same(noise, plan);
}

TEST(WalNumbers, ComeBack) {
  std::mt19937 random(3);
  for (const std::uint32_t spread : {0u, 1u, 255u, 70'000u, ~0u}) {
    for (const std::size_t count : {0u, 1u, 7u, 1000u}) {
      for (const bool sorted : {false, true}) {
        std::vector<std::uint32_t> values(count), back(count);
        for (auto& value : values) value = spread == 0 ? 7 : static_cast<std::uint32_t>(random()) % spread;
        if (sorted) std::ranges::sort(values);
        StreamSet streams(wal_stream::count);
        NumberWriter writer;
        writer.put(values, streams);
        StreamReader reader;
        const auto views = views_of(streams);
        reader.reset(views);
        read_numbers(reader, back);
        EXPECT_TRUE(reader.finished());
        EXPECT_EQ(values, back);
      }
    }
  }
}

}  // namespace
}  // namespace owl::codec
