#include "storage/byte_range.h"

#include <gtest/gtest.h>

#include <limits>

namespace owl::storage {
namespace {

constexpr auto huge = std::numeric_limits<std::uint64_t>::max();

TEST(ByteRange, WithinAnObjectOfTenBytes) {
  const struct {
    ByteRange range;
    std::uint64_t begin, end;
  } cases[] = {
      {{0, 10}, 0, 10},
      {{0, 11}, 0, 10},
      {{3, 4}, 3, 7},
      {{9, 1}, 9, 10},
      {{9, huge}, 9, 10},
      {{10, 1}, 10, 10},
      {{huge, huge}, 10, 10},
      {{5, 0}, 5, 5},
      {{std::nullopt, 3}, 7, 10},
      {{std::nullopt, 10}, 0, 10},
      {{std::nullopt, huge}, 0, 10},
      {{std::nullopt, 0}, 10, 10},
  };
  for (const auto& test : cases) {
    const auto bounds = within(test.range, 10);
    EXPECT_EQ(bounds.begin, test.begin);
    EXPECT_EQ(bounds.end, test.end);
  }
}

TEST(ByteRange, AsAHeader) {
  EXPECT_EQ(to_range_header({0, 1}), "bytes=0-0");
  EXPECT_EQ(to_range_header({10, 10}), "bytes=10-19");
  EXPECT_EQ(to_range_header({std::nullopt, 7}), "bytes=-7");
  EXPECT_EQ(to_range_header({10, huge}), "bytes=10-18446744073709551615");
}

TEST(ContentRange, ReadsWhatServersSend) {
  const auto range = parse_content_range("bytes 10-19/1000");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 10u);
  EXPECT_EQ(range->last, 19u);
  EXPECT_EQ(range->size, 1000u);
  EXPECT_EQ(parse_content_range("bytes 0-0/*")->size, std::nullopt);
}

TEST(ContentRange, RefusesWhatMakesNoSense) {
  for (const auto* text : {"", "bytes", "bytes 5-4/10", "bytes 0-10/10", "bytes -1-2/10", "items 0-1/2", "bytes 0-1",
                           "bytes a-b/c", "bytes */10", "bytes 0/1-2"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

}  // namespace
}  // namespace owl::storage
