#include "codec/columns.h"

#include <gtest/gtest.h>

#include <random>

namespace owl::codec {
namespace {

TEST(Columns, SmallDifferencesOfEitherSignAreSmallNumbers) {
  EXPECT_EQ(zigzag<std::uint32_t>(0), 0u);
  EXPECT_EQ(zigzag<std::uint32_t>(~0u), 1u);
  EXPECT_EQ(zigzag<std::uint32_t>(1), 2u);
  EXPECT_EQ(zigzag<std::uint16_t>(0x8000), 0xffff);
  EXPECT_EQ(zigzag<std::uint64_t>(~std::uint64_t{0} - 1), 3u);
  for (unsigned value = 0; value < 0x10000; ++value) {
    ASSERT_EQ(unzigzag(zigzag(static_cast<std::uint16_t>(value))), value);
  }
}

TEST(Columns, DeltasGoOnFromCallToCall) {
  const std::array<std::uint32_t, 4> values{10, 9, 0xffffffff, 5};
  std::array<std::uint32_t, 4> deltas;
  EXPECT_EQ(to_deltas(values.data(), 2, 8u, deltas.data()), 9u);
  EXPECT_EQ(to_deltas(values.data() + 2, 2, 9u, deltas.data() + 2), 5u);
  EXPECT_EQ(deltas, (std::array<std::uint32_t, 4>{4, 1, 19, 12}));
  EXPECT_EQ(from_deltas(deltas.data(), 3, 8u), 0xffffffffu);
  EXPECT_EQ(from_deltas(deltas.data() + 3, 1, 0xffffffffu), 5u);
  EXPECT_EQ(deltas, values);
  EXPECT_EQ(to_deltas(values.data(), 0, 8u, deltas.data()), 8u);
}

ColumnList columns_of(std::initializer_list<ColumnForm> forms) {
  ColumnList columns;
  for (const auto form : forms) columns.forms[columns.count++] = form;
  return columns;
}

TEST(Columns, EachByteOfThePrefixHasAStream) {
  const Bytes rows{1, 2, 3, 4, 10, 0, 0, 0, 0xee, 5, 6, 7, 8, 11, 0, 0, 0};
  const std::array<std::uint16_t, 2> offsets{0, 9};
  ColumnSplitter splitter;
  splitter.reset(columns_of({ColumnForm::planes4, ColumnForm::delta4}));
  EXPECT_EQ(splitter.width(), 8u);
  StreamSet streams(9);
  splitter.split(rows.data(), offsets.data(), 2, streams, 1);
  EXPECT_TRUE(streams.view(0).empty());
  EXPECT_EQ(to_bytes(streams.view(1)), (Bytes{1, 5}));
  EXPECT_EQ(to_bytes(streams.view(4)), (Bytes{4, 8}));
  EXPECT_EQ(to_bytes(streams.view(5)), (Bytes{20, 2}));
  EXPECT_EQ(to_bytes(streams.view(8)), (Bytes{0, 0}));
}

TEST(Columns, RandomRowsComeBack) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 50; ++round) {
    ColumnList columns;
    while (columns.count < ColumnList::largest_count && columns.width() + 8 <= ColumnList::largest_width) {
      if (random() % 8 == 0) break;
      columns.forms[columns.count++] = static_cast<ColumnForm>(random() % column_forms);
    }
    const std::size_t width = columns.width(), step = width + random() % 20, count = random() % 400;
    Bytes rows(count * step + width);
    for (auto& byte : rows) byte = static_cast<std::uint8_t>(random());
    std::vector<std::uint32_t> offsets(count);
    for (std::size_t i = 0; i < count; ++i) offsets[i] = static_cast<std::uint32_t>(i * step);

    ColumnSplitter splitter;
    splitter.reset(columns);
    StreamSet streams(width);
    splitter.split(rows.data(), offsets.data(), count / 2, streams, 0);
    splitter.split(rows.data(), offsets.data() + count / 2, count - count / 2, streams, 0);

    std::vector<ByteView> views;
    for (std::size_t i = 0; i < width; ++i) views.push_back(streams.view(i));
    StreamReader reader;
    reader.reset(views);
    splitter.reset(columns);
    Bytes again(rows.size());
    splitter.join(reader, 0, again.data(), offsets.data(), count / 2);
    splitter.join(reader, 0, again.data(), offsets.data() + count / 2, count - count / 2);
    EXPECT_TRUE(reader.finished());
    for (const auto offset : offsets) {
      ASSERT_TRUE(equal(ByteView(again).subspan(offset, width), ByteView(rows).subspan(offset, width)));
    }
  }
}

TEST(Columns, StreamsThatAreTooShortFail) {
  ColumnSplitter splitter;
  splitter.reset(columns_of({ColumnForm::delta8}));
  const Bytes planes(3 + stream_slack);
  const std::vector<ByteView> views(8, ByteView(planes).first(3));
  StreamReader reader;
  reader.reset(views);
  const std::array<std::uint32_t, 4> offsets{0, 8, 16, 24};
  Bytes rows(32);
  splitter.join(reader, 0, rows.data(), offsets.data(), 4);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace owl::codec
