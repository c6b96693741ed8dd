#include "wal/open_segment.h"

#include <gtest/gtest.h>

#include "postgres/wal_script.h"
#include "wal/test_support.h"

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::SegmentId;
using postgres::TimelinePath;
using storage::error_of;
using test::segment_name;
using test::segment_size;

/// WAL of timeline 1 from segment 3 on, and what was streamed and archived of it. Timeline 2 left it in segment 5.
class OpenSegmentTest : public testing::Test {
 protected:
  OpenSegmentTest() {
    while (script_.segments().size() < 5) script_.add_sized(5000);
  }
  const Bytes& segment(std::uint64_t number) { return script_.segments().at(number - 3); }
  void archive(postgres::TimelineId timeline, std::uint64_t number) {
    bench_.put(*bench_.a, segment_name(timeline, number), segment(number));
  }
  std::string stream(postgres::TimelineId timeline, std::uint64_t number, std::uint32_t start, std::uint32_t end) {
    auto& store = ++streamed_ % 2 == 0 ? *bench_.a : *bench_.b;
    return bench_.put_piece(store, {timeline, number}, segment(number), start, end);
  }
  std::optional<Bytes> fetch(postgres::TimelineId timeline, std::uint64_t number, TimelinePath path = {1, {}}) {
    return bench_.fetcher(std::move(path)).fetch(segment_name(timeline, number));
  }
  static TimelinePath to_timeline_2() { return {2, {{1, {5 * std::uint64_t{segment_size} + 40'000}, ""}}}; }
  void expect_prefix(const std::optional<Bytes>& bytes, std::uint64_t number, std::size_t end) {
    ASSERT_TRUE(bytes);
    ASSERT_EQ(bytes->size(), segment_size);
    EXPECT_TRUE(equal(ByteView(*bytes).first(end), ByteView(segment(number)).first(end)));
    EXPECT_TRUE(all_zero(ByteView(*bytes).subspan(end)));
  }

  postgres::WalScript script_;
  test::ArchiveBench bench_;
  int streamed_ = 0;
};

TEST_F(OpenSegmentTest, IsPutTogetherOfThePiecesInAllStores) {
  archive(1, 3);
  stream(1, 4, 0, 8192);
  stream(1, 4, 8192, 20'000);
  stream(1, 4, 10'000, 50'000);
  stream(1, 4, 60'000, 70'000);
  expect_prefix(fetch(1, 4), 4, 50'000);
  const auto open = bench_.fetcher().open_segment({1, 4}, segment_size);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->end, (Lsn{4 * std::uint64_t{segment_size} + 50'000}));
  EXPECT_EQ(open->info.file_name, segment_name(1, 4));
  EXPECT_LT(open->info.segment.next_record, open->end);
  EXPECT_FALSE(fetch(1, 5)) << "nothing was streamed of it";
}

TEST_F(OpenSegmentTest, TheWholeSegmentIsTakenWhereItIs) {
  stream(1, 4, 0, 8192);
  archive(1, 4);
  EXPECT_EQ(fetch(1, 4), segment(4));
}

TEST_F(OpenSegmentTest, NeverStandsForOneThatOthersFollow) {
  stream(1, 4, 0, 50'000);
  stream(1, 5, 0, 50'000);
  expect_prefix(fetch(1, 4), 4, 50'000);  // that a later one is open, too, says nothing of its end
  archive(1, 6);
  EXPECT_FALSE(fetch(1, 4)) << "recovery would end in a hole and call it the end";
}

TEST_F(OpenSegmentTest, AllOfItIsAsGoodAsTheSegment) {
  stream(1, 4, 0, 50'000);
  stream(1, 4, 50'000, segment_size);
  archive(1, 6);
  EXPECT_EQ(fetch(1, 4), segment(4));
  EXPECT_EQ(fetch(1, 4, to_timeline_2()), segment(4));
}

TEST_F(OpenSegmentTest, EndsBeforeWhatIsDamagedOrAnotherPiece) {
  const auto first = bench_.put_piece(*bench_.a, {1, 4}, segment(4), 0, 8192);
  const auto second = bench_.put_piece(*bench_.a, {1, 4}, segment(4), 8192, 20'000);
  auto bytes = *bench_.a->get(second, {});
  bytes[bytes.size() / 2] ^= 1;
  bench_.a->overwrite(second, bytes);
  expect_prefix(fetch(1, 4), 4, 8192);
  EXPECT_EQ(bench_.monitor.warnings().size(), 1u);
  bench_.a->overwrite(second, *bench_.a->get(first, {}));  // authentic under another key
  expect_prefix(fetch(1, 4), 4, 8192);
  bench_.put_piece(*bench_.b, {1, 4}, segment(4), 8192, 30'000);
  expect_prefix(fetch(1, 4), 4, 30'000);
}

TEST_F(OpenSegmentTest, AStoreThatDoesNotAnswerIsNoEnd) {
  stream(1, 4, 0, 8192);
  bench_.hooks.before = [](const repository::test::Operation& operation) {
    if (operation.store == "b" && operation.verb == "list") throw Error(ErrorKind::unreachable, "connection refused");
  };
  EXPECT_EQ(error_of([&] { fetch(1, 4); }).kind(), ErrorKind::unreachable);
}

TEST_F(OpenSegmentTest, OfAParentServesUpToTheForkOnly) {
  stream(1, 4, 0, 50'000);
  stream(1, 5, 0, 60'000);
  expect_prefix(fetch(1, 5, to_timeline_2()), 5, 40'000);
  EXPECT_FALSE(fetch(1, 4, to_timeline_2())) << "the wanted timeline goes on behind it";
  EXPECT_FALSE(fetch(1, 6, to_timeline_2()));
  stream(2, 5, 0, 45'000);
  EXPECT_FALSE(fetch(1, 5, to_timeline_2())) << "the child's own";
  expect_prefix(fetch(2, 5, to_timeline_2()), 5, 45'000);
}

TEST_F(OpenSegmentTest, WithoutAPathNothingStreamedIsServed) {
  stream(1, 4, 0, 50'000);
  EXPECT_FALSE(bench_.fetcher().fetch(segment_name(1, 4)));
}

TEST_F(OpenSegmentTest, TellsWhetherATimelineWasStreamed) {
  stream(1, 4, 0, 8192);
  EXPECT_TRUE(has_open_pieces(bench_.stores, test::system_id, 1));
  EXPECT_FALSE(has_open_pieces(bench_.stores, test::system_id, 2));
}

}  // namespace
}  // namespace owl::wal
