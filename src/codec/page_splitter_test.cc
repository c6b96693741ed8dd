#include "codec/page_splitter.h"

#include <gtest/gtest.h>

#include "codec/page_joiner.h"
#include "codec/page_samples.h"

namespace owl::codec {
namespace {

using sample::PageBuilder;
using Checksums = PageSplitter::Checksums;
using Holes = PageSplitter::Holes;
using Outcome = PageSplitter::Outcome;

constexpr std::uint32_t page_size = 8192;
constexpr std::uint32_t block = 77;

/// One page there and back.
struct Trip {
  explicit Trip(const Bytes& page, PageColumns columns = {}, Checksums checksums = Checksums::computed) {
    PageState state(columns);
    PageSplitter splitter(static_cast<std::uint32_t>(page.size()));
    outcome = splitter.split(page.data(), block, checksums, Holes::apart, state, streams);
    std::vector<ByteView> views;
    for (std::size_t i = 0; i < streams.count(); ++i) views.push_back(streams.view(i));
    StreamReader reader;
    reader.reset(views);
    PageState other(columns);
    again.assign(page.size(), 0xee);
    PageJoiner(static_cast<std::uint32_t>(page.size())).join(reader, block, Holes::apart, other, again.data());
    finished = reader.finished();
  }
  std::size_t size(std::size_t stream) const { return streams.view(stream).size(); }
  std::uint8_t kind() const { return streams.view(page_stream::meta).front(); }

  StreamSet streams{page_stream::count};
  Outcome outcome;
  Bytes again;
  bool finished = false;
};

void expect_back(const Trip& trip, const Bytes& page, Outcome outcome = Outcome::split) {
  EXPECT_EQ(trip.outcome, outcome);
  EXPECT_TRUE(trip.finished);
  EXPECT_EQ(trip.again, page);
}

Bytes heap_page(std::size_t data_size = 24) {
  PageBuilder builder(page_size, 0);
  for (std::uint32_t item = 1;; ++item) {
    Bytes data(data_size, 7);
    store(data.data(), item);
    const Bytes tuple = sample::heap_tuple(700, block, item, data);
    if (!builder.fits(tuple.size())) return builder.finish(block);
    builder.add(tuple);
  }
}

TEST(PageSplitter, APageOfZerosIsOneByte) {
  const Bytes page(page_size);
  const Trip trip(page);
  expect_back(trip, page, Outcome::zeros);
  EXPECT_EQ(trip.streams.total_size(), 1u);
}

TEST(PageSplitter, WhatIsNoPageStaysAsItIs) {
  sample::Random random(1);
  const Bytes noise = sample::random_bytes(random, page_size);
  const Trip trip(noise);
  expect_back(trip, noise, Outcome::raw);
  EXPECT_EQ(trip.streams.total_size(), page_size + 1u);
}

TEST(PageSplitter, AFreeSpaceMapStaysAsItIs) {
  Bytes page = PageBuilder(page_size, 0).finish(block);
  page[100] = 200;
  expect_back(Trip(page), page, Outcome::raw);
}

TEST(PageSplitter, RowsOfOneLengthNeedNeitherPlacesNorHeaders) {
  const Bytes page = heap_page();
  const Trip trip(page);
  expect_back(trip, page);
  const std::size_t rows = (load<std::uint16_t>(page.data() + page_at::lower) - page_at::items) / 4;
  EXPECT_EQ(trip.size(page_stream::tail), rows * 24);
  EXPECT_EQ(trip.size(page_stream::hole), 0u);
  EXPECT_EQ(trip.size(page_stream::checksum), 0u);
  EXPECT_LT(trip.streams.total_size(), rows * 24 + 100);
}

TEST(PageSplitter, ColumnsTakeThePrefix) {
  const Bytes page = heap_page();
  PageColumns columns;
  columns.heap.forms[0] = ColumnForm::delta4;
  columns.heap.count = 1;
  const Trip trip(page, columns);
  expect_back(trip, page);
  EXPECT_EQ(trip.size(page_stream::columns), 0u) << "each is one more than the one before";
  const std::size_t rows = (load<std::uint16_t>(page.data() + page_at::lower) - page_at::items) / 4;
  EXPECT_EQ(trip.size(page_stream::tail), rows * 20);
  columns.heap.forms[0] = ColumnForm::planes4;
  const Trip planes(page, columns);
  expect_back(planes, page);
  EXPECT_EQ(planes.size(page_stream::columns), rows) << "one byte varies";
  EXPECT_EQ(planes.size(page_stream::columns + 1), 0u);
}

TEST(PageSplitter, RowsShorterThanTheColumnsAreLeftWhole) {
  PageColumns columns;
  columns.heap.forms[0] = ColumnForm::delta8;
  columns.heap.count = 1;
  PageBuilder builder(page_size, 0);
  for (std::uint32_t item = 1; item <= 40; ++item) {
    builder.add(sample::heap_tuple(700, block, item, Bytes(item % 16, static_cast<std::uint8_t>(item))));
  }
  const Bytes page = builder.finish(block);
  const Trip trip(page, columns);
  expect_back(trip, page);
  EXPECT_EQ(trip.size(page_stream::columns), 16u + 1) << "those of 8 to 15 bytes";
}

TEST(PageSplitter, NullBitmapsAreKept) {
  PageBuilder builder(page_size, 0);
  for (std::uint32_t item = 1; item <= 30; ++item) {
    Bytes tuple = sample::heap_tuple(700, block, item, Bytes(12, 1), item % 3 == 0 ? 32 : 24);
    if (item % 3 == 0) tuple[25] = 0xa5;
    if (item == 5) tuple[22] = 3;    // t_hoff that can't be
    if (item == 6) tuple[22] = 255;  // nor this
    builder.add(tuple);
  }
  const Bytes page = builder.finish(block);
  const Trip trip(page);
  expect_back(trip, page);
  EXPECT_EQ(trip.size(page_stream::nulls), 9u * 8);
}

TEST(PageSplitter, PrunedPagesKeepWhatIsInTheirHole) {
  Bytes page = heap_page();
  store(page.data() + page_at::lower, static_cast<std::uint16_t>(page_at::items + 4 * 10));
  store(page.data() + page_at::upper, static_cast<std::uint16_t>(page_size - 10 * 48));
  store(page.data() + page_at::checksum, page_checksum(page, block));
  const Trip trip(page);
  expect_back(trip, page);
  EXPECT_EQ(trip.size(page_stream::hole), page_size - 10u * 48 - page_at::items - 40);
  EXPECT_EQ(trip.kind(), page_meta::heap | page_meta::hole);
}

TEST(PageSplitter, RedirectsAndDeadItemsAreKept) {
  PageBuilder builder(page_size, 0);
  builder.point(3, line_pointer::redirect, 0);
  builder.point(0, line_pointer::dead, 0);
  for (std::uint32_t item = 3; item < 20; ++item) builder.add(sample::heap_tuple(700, block, item, Bytes(16, 1)));
  builder.point(0, line_pointer::unused, 0);
  builder.add(sample::heap_tuple(700, block, 21, Bytes(16, 1)), line_pointer::dead);
  builder.point(0x7fff, line_pointer::unused, 0x7fff);
  const Bytes page = builder.finish(block);
  const Trip trip(page);
  expect_back(trip, page);
  EXPECT_EQ(trip.kind(), page_meta::heap | page_meta::general);
}

TEST(PageSplitter, GapsAndPaddingThatAreNotZeroAreKept) {
  for (const bool gap : {true, false}) {
    PageBuilder builder(page_size, 0);
    builder.add(sample::heap_tuple(700, block, 1, Bytes(13, 1)));
    if (gap) builder.leave_gap(24);
    builder.add(sample::heap_tuple(700, block, 2, Bytes(16, 1)));
    Bytes page = builder.finish(block);
    const Trip zero(page);
    expect_back(zero, page);
    EXPECT_EQ(zero.size(page_stream::hole), 0u);
    page[page_size - 1] = 9;  // in the padding of item 1
    store(page.data() + page_at::checksum, page_checksum(page, block));
    const Trip trip(page);
    expect_back(trip, page);
    EXPECT_EQ(trip.size(page_stream::hole), gap ? 27u : 3u);
  }
}

TEST(PageSplitter, ItemsThatOverlapOrLeaveThePageComeBack) {
  const Bytes good = heap_page();
  for (const std::uint32_t word :
       {line_pointer::make(8184, 1, 48), line_pointer::make(8000, 1, 48), line_pointer::make(20, 1, 48),
        line_pointer::make(8145, 1, 40), line_pointer::make(8144, 1, 8), line_pointer::make(0x7ff8, 1, 0x7fff)}) {
    Bytes page = good;
    store(page.data() + page_at::items, word);
    const Trip trip(page);
    EXPECT_TRUE(trip.finished);
    EXPECT_EQ(trip.again, page);
    EXPECT_LE(trip.streams.total_size(), 2u * page_size);
  }
}

TEST(PageSplitter, ChecksumsAreToldOnlyWhereTheyAreNotTheComputedOnes) {
  Bytes page = heap_page();
  const std::size_t right = Trip(page).streams.total_size();
  EXPECT_EQ(Trip(page, {}, Checksums::trusted).streams.total_size(), right);
  const Trip told(page, {}, Checksums::told);
  expect_back(told, page);
  EXPECT_EQ(told.streams.total_size(), right + 2);
  page[page_at::checksum] ^= 1;
  const Trip stale(page);
  expect_back(stale, page);
  EXPECT_EQ(stale.size(page_stream::checksum), 2u);
  EXPECT_NE(Trip(page, {}, Checksums::trusted).again, page) << "that is what being trusted means";
  store<std::uint16_t>(page.data() + page_at::checksum, 0);
  const Trip off(page, {}, Checksums::trusted);
  expect_back(off, page);
  EXPECT_EQ(off.streams.total_size(), right);
}

Bytes btree_page(bool high_key_lowest, bool shuffled) {
  sample::Random random(3);
  PageBuilder builder(page_size, large_special);
  store(builder.special(), block - 1);
  store(builder.special() + 4, block + 1);
  for (std::uint32_t row = 0; row < 300; ++row) {
    Bytes key(8);
    store(key.data(), row);
    builder.add(sample::index_tuple(row / 100, 1 + row % 100, key));
  }
  auto& pointers = builder.pointers();
  if (high_key_lowest) std::rotate(pointers.begin(), pointers.end() - 1, pointers.end());
  if (shuffled) std::shuffle(pointers.begin(), pointers.end(), random);
  return builder.finish(block);
}

TEST(PageSplitter, BtreePagesInBothOrdersNeedNoPlaces) {
  for (const bool high_key_lowest : {false, true}) {
    const Bytes page = btree_page(high_key_lowest, false);
    const Trip trip(page);
    expect_back(trip, page);
    EXPECT_EQ(trip.kind(), page_meta::index | (high_key_lowest ? page_meta::first_lowest : 0));
    EXPECT_EQ(trip.size(page_stream::of(PageField::pointer)), 0u);
    EXPECT_EQ(trip.size(page_stream::of(PageField::tid_block) + 1), 0u) << "differences are small";
  }
  const Bytes page = btree_page(false, true);
  const Trip trip(page);
  expect_back(trip, page);
  EXPECT_EQ(trip.kind(), page_meta::index | page_meta::general);
  EXPECT_EQ(trip.size(page_stream::hole), 0u);
}

TEST(PageSplitter, PostingListsJoinTheChainOfRows) {
  PageBuilder builder(page_size, large_special);
  for (std::uint32_t i = 0; i < 20; ++i) builder.add(sample::posting_tuple(10 * i, 30, Bytes(8, 5)));
  builder.add(sample::index_tuple(500, 1, Bytes(8, 5)));
  builder.add(sample::index_tuple(7, 0x1001, Bytes(8, 5), alternative_tid));  // a pivot
  const Bytes page = builder.finish(block);
  const Trip trip(page);
  expect_back(trip, page);
  EXPECT_EQ(trip.size(page_stream::tail), 22u * 8);
  EXPECT_EQ(trip.size(page_stream::of(PageField::tid_block)), 20u * 30 + 1);
}

TEST(PageSplitter, PostingListsThatLieStayInTheirTuples) {
  const Bytes good = sample::posting_tuple(10, 5, Bytes(8, 5));
  std::vector<Bytes> tuples(6, good);
  store<std::uint16_t>(tuples[0].data() + 4, static_cast<std::uint16_t>(posting_bit | 0xfff));
  store(tuples[1].data(), std::rotl(0xffffffd0u, 16));
  store<std::uint16_t>(tuples[2].data() + 4, static_cast<std::uint16_t>(posting_bit));
  tuples[3].back() = 1;  // where padding should be
  store(tuples[4].data(), std::rotl(8u, 16));
  store(tuples[5].data(), std::rotl(0xffffffd0u, 16));  // wraps around with its count
  store<std::uint16_t>(tuples[5].data() + 4, static_cast<std::uint16_t>(posting_bit | 16));
  for (const auto& tuple : tuples) {
    PageBuilder builder(page_size, large_special);
    builder.add(good);
    builder.add(tuple);
    const Bytes page = builder.finish(block);
    expect_back(Trip(page), page);
  }
}

TEST(PageSplitter, SmallSpecialSpaceIsThatOfOtherIndexes) {
  PageBuilder builder(page_size, small_special);
  store<std::uint64_t>(builder.special(), 0x0102030405060708);
  for (std::uint32_t i = 0; i < 20; ++i) builder.add(sample::posting_tuple(10 * i, 5, Bytes(8, 5)));
  const Bytes page = builder.finish(block);
  const Trip trip(page);
  expect_back(trip, page);
  EXPECT_EQ(trip.size(page_stream::of(PageField::posting_count)), 0u);
}

TEST(PageSplitter, PagesOfEverySizeComeBackOneAfterTheOther) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  sample::Random random(seed);
  for (std::uint32_t size = least_page_size; size <= largest_page_size; size *= 2) {
    for (int round = 0; round < 8; ++round) {
      const PageColumns columns{sample::random_columns(random), sample::random_columns(random)};
      const auto holes = random() % 2 == 0 ? Holes::apart : Holes::with_tails;
      PageState state(columns), other(columns);
      PageSplitter splitter(size);
      PageJoiner joiner(size);
      StreamSet streams(page_stream::count);
      std::vector<Bytes> pages;
      for (std::uint32_t i = 0; i < 40; ++i) {
        pages.push_back(sample::random_page(random, size, i));
        splitter.split(pages.back().data(), i, Checksums::computed, holes, state, streams);
      }
      std::vector<ByteView> views;
      for (std::size_t i = 0; i < streams.count(); ++i) views.push_back(streams.view(i));
      StreamReader reader;
      reader.reset(views);
      Bytes again(size);
      for (std::uint32_t i = 0; i < 40; ++i) {
        joiner.join(reader, i, holes, other, again.data());
        ASSERT_TRUE(reader.ok()) << "page " << i;
        ASSERT_EQ(again, pages[i]) << "page " << i << " of " << size;
      }
      EXPECT_TRUE(reader.finished());
    }
  }
}

/// Where items begin is noted for pages that say so; what an earlier page left there must not be taken for it.
TEST(PageJoiner, GapsOfItemsWithoutPlacesAreRefused) {
  PageJoiner joiner(page_size);
  const auto joins = [&](const Bytes& page, std::uint8_t added) {
    PageState state{PageColumns{}}, other{PageColumns{}};
    StreamSet streams(page_stream::count);
    PageSplitter(page_size).split(page.data(), block, Checksums::computed, Holes::apart, state, streams);
    Bytes meta = to_bytes(streams.view(page_stream::meta));
    meta.front() |= added;
    meta.resize(meta.size() + stream_slack);
    std::vector<ByteView> views;
    for (std::size_t i = 0; i < streams.count(); ++i) views.push_back(streams.view(i));
    views[page_stream::meta] = ByteView(meta).first(meta.size() - stream_slack);
    const Bytes gap_bytes(2 * page_size);
    if (added != 0) views[page_stream::hole] = ByteView(gap_bytes).first(page_size);
    StreamReader reader;
    reader.reset(views);
    Bytes again(page_size);
    joiner.join(reader, block, Holes::apart, other, again.data());
    return reader.ok();
  };
  EXPECT_TRUE(joins(btree_page(false, true), 0)) << "it leaves places of 300 items behind";
  EXPECT_TRUE(joins(heap_page(), 0));
  EXPECT_FALSE(joins(heap_page(), page_meta::gaps));
}

TEST(PageJoiner, HostileStreamsWriteNothingButThePage) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  sample::Random random(seed);
  // Kept from round to round: what one page leaves behind must not hurt the next.
  std::vector<PageJoiner> joiners;
  for (std::uint32_t size = least_page_size; size <= largest_page_size; size *= 2) joiners.emplace_back(size);
  for (int round = 0; round < 400; ++round) {
    const std::size_t size_class = random() % joiners.size();
    const std::uint32_t size = least_page_size << size_class;
    const PageColumns columns{sample::random_columns(random), sample::random_columns(random)};
    PageState state(columns), other(columns);
    PageSplitter splitter(size);
    StreamSet streams(page_stream::count);
    for (std::uint32_t i = 0; i < 6; ++i) {
      const Bytes page = sample::random_page(random, size, i);
      splitter.split(page.data(), i, Checksums::computed, Holes::apart, state, streams);
    }
    std::vector<Bytes> mutated;
    std::vector<ByteView> views;
    for (std::size_t i = 0; i < streams.count(); ++i) {
      mutated.push_back(to_bytes(streams.view(i)));
      auto& bytes = mutated.back();
      const std::size_t length = random() % 30 == 0 && !bytes.empty() ? random() % bytes.size() : bytes.size();
      for (unsigned k = 0; k < random() % 3 && !bytes.empty(); ++k) {
        bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random() % 2 == 0 ? random() : 0xff);
      }
      bytes.resize(length + stream_slack);
    }
    for (const auto& bytes : mutated) views.push_back(ByteView(bytes).first(bytes.size() - stream_slack));
    StreamReader reader;
    reader.reset(views);
    Bytes again(size + 64, 0xee);
    auto& joiner = joiners[size_class];
    for (std::uint32_t i = 0; i < 6 && reader.ok(); ++i) joiner.join(reader, i, Holes::apart, other, again.data());
    for (std::size_t i = size; i < again.size(); ++i) ASSERT_EQ(again[i], 0xee);
  }
}

}  // namespace
}  // namespace owl::codec
