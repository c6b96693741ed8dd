#include "wal/open_prefix.h"

#include <gmock/gmock.h>

namespace owl::wal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t size = 100;

/// What the segment really holds.
Bytes truth() {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i + 1);
  return bytes;
}

Bytes part(const PieceRange& range) {
  return to_bytes(ByteView(truth()).subspan(range.start, range.end - range.start));
}

/// Those whose number is in `damaged` can't be opened.
OpenPrefix assemble(const std::vector<PieceRange>& pieces, std::vector<std::size_t> damaged = {}) {
  return assemble_prefix(pieces, size, [&](std::size_t i) -> std::optional<Bytes> {
    if (std::ranges::find(damaged, i) != damaged.end()) return std::nullopt;
    return part(pieces[i]);
  });
}

void expect_prefix(const OpenPrefix& prefix, std::uint32_t end) {
  EXPECT_EQ(prefix.end, end);
  ASSERT_EQ(prefix.plain.size(), size);
  auto expected = truth();
  std::fill(expected.begin() + end, expected.end(), 0);
  EXPECT_EQ(prefix.plain, expected);
}

TEST(PiecesFrom, LeadOnTheFurthestFirst) {
  const std::vector<PieceRange> pieces{{0, 10}, {5, 30}, {10, 20}, {0, 30}, {30, 40}};
  EXPECT_THAT(pieces_from(pieces, 0), ElementsAre(3, 0));
  EXPECT_THAT(pieces_from(pieces, 10), ElementsAre(1, 3, 2));
  EXPECT_THAT(pieces_from(pieces, 30), ElementsAre(4));
  EXPECT_THAT(pieces_from(pieces, 40), IsEmpty());
}

TEST(OpenPrefix, EndsBeforeTheFirstGap) {
  expect_prefix(assemble({}), 0);
  expect_prefix(assemble({{10, 20}}), 0);
  expect_prefix(assemble({{20, 30}, {0, 10}, {10, 15}}), 15);
  expect_prefix(assemble({{0, 50}, {50, 100}}), 100);
}

TEST(OpenPrefix, TakesPiecesThatOverlap) {
  expect_prefix(assemble({{0, 10}, {0, 25}, {10, 20}, {20, 40}}), 40);
  expect_prefix(assemble({{0, 40}, {10, 60}, {5, 7}}), 60);
}

TEST(OpenPrefix, GoesRoundWhatIsDamaged) {
  const std::vector<PieceRange> pieces{{0, 10}, {10, 20}, {0, 20}, {20, 30}};
  expect_prefix(assemble(pieces, {2}), 30);
  expect_prefix(assemble(pieces, {1, 0}), 30);
  expect_prefix(assemble(pieces, {1, 2}), 10);
  EXPECT_EQ(assemble(pieces, {1, 2}).unusable, 2u);
  expect_prefix(assemble(pieces, {0, 2}), 0);
}

TEST(OpenPrefix, TakesNoPieceOfAnotherLengthThanItsName) {
  const auto prefix = assemble_prefix(std::vector<PieceRange>{{0, 10}}, size, [](std::size_t) { return Bytes(9); });
  EXPECT_EQ(prefix.end, 0u);
  EXPECT_EQ(assemble_prefix(std::vector<PieceRange>{{0, 101}}, size, [](std::size_t) { return Bytes(101); }).end, 0u);
}

TEST(OpenPrefix, DoesNotMixHistories) {
  const std::vector<PieceRange> pieces{{0, 10}, {5, 30}, {10, 20}};
  const auto prefix = assemble_prefix(
      pieces, size, [&](std::size_t i) -> std::optional<Bytes> { return i == 1 ? Bytes(25, 0xEE) : part(pieces[i]); });
  expect_prefix(prefix, 20);
  EXPECT_EQ(prefix.unusable, 1u);
}

}  // namespace
}  // namespace owl::wal
