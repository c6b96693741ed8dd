#include "wal/streamed_end.h"

#include <gtest/gtest.h>

#include "wal/test_support.h"

namespace owl::wal {
namespace {

std::uint32_t covered(std::vector<PieceRange> pieces) {
  return covered_from_start(pieces);
}

TEST(CoveredFromStart, EndsAtTheFirstGap) {
  EXPECT_EQ(covered({}), 0u);
  EXPECT_EQ(covered({{100, 200}}), 0u);
  EXPECT_EQ(covered({{0, 100}, {100, 200}}), 200u);
  EXPECT_EQ(covered({{150, 300}, {0, 100}, {50, 160}}), 300u);
  EXPECT_EQ(covered({{0, 100}, {101, 200}}), 100u);
  EXPECT_EQ(covered({{0, 300}, {50, 100}}), 300u);
}

TEST(StreamedEnd, IsToldByNamesOfAllStores) {
  test::ArchiveBench bench;
  const auto name = test::segment_name(1, 3);
  const auto put = [&](storage::MemoryStore& store, std::uint32_t start, std::uint32_t end) {
    store.put_once(repository::keys::open_piece({"42", name, start, end, {}}), Bytes(1));
  };
  EXPECT_FALSE(streamed_end(bench.stores, "42", name));
  put(*bench.a, 0, 100);
  bench.clock.sleep(std::chrono::seconds(5), {});
  const auto later = bench.clock.now();
  put(*bench.b, 100, 250);
  bench.clock.sleep(std::chrono::seconds(5), {});
  put(*bench.b, 300, 400);  // behind a gap: of no use
  const auto end = streamed_end(bench.stores, "42", name);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->end, 250u);
  EXPECT_EQ(end->stored, later);
}

}  // namespace
}  // namespace owl::wal
