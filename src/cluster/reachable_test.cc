#include "cluster/reachable.h"

#include <gtest/gtest.h>

namespace owl::cluster {
namespace {

MomentRange range(std::int64_t first, std::int64_t last) {
  return {{first}, {last}};
}

std::string numbers(const std::vector<MomentRange>& ranges) {
  std::string out;
  for (const auto& r : ranges) out += std::to_string(r.first.micros) + "-" + std::to_string(r.last.micros) + " ";
  return out;
}

TEST(ReachableMoments, ThatTouchAreOneRange) {
  EXPECT_EQ(numbers(merged({range(30, 40), range(10, 20)})), "10-20 30-40 ");
  EXPECT_EQ(numbers(merged({range(10, 20), range(21, 40)})), "10-40 ");
  EXPECT_EQ(numbers(merged({range(10, 50), range(20, 30), range(52, 60)})), "10-50 52-60 ");
  EXPECT_EQ(numbers(merged({})), "");
}

TEST(ReachableMoments, AreShownToTheMicrosecondAndTheNewestFewOnly) {
  const std::int64_t second = 1'000'000;
  EXPECT_EQ(to_text({range(0, 1)}), "1970-01-01 00:00:00+00 to 1970-01-01 00:00:00.000001+00");
  std::vector<MomentRange> many;
  for (std::int64_t i = 0; i < 6; ++i) many.push_back(range(2 * i * second, (2 * i + 1) * second));
  EXPECT_EQ(to_text(many),
            "1970-01-01 00:00:04+00 to 1970-01-01 00:00:05+00, 1970-01-01 00:00:06+00 to 1970-01-01 00:00:07+00, "
            "1970-01-01 00:00:08+00 to 1970-01-01 00:00:09+00, 1970-01-01 00:00:10+00 to 1970-01-01 00:00:11+00 "
            "(2 more ranges before)");
}

}  // namespace
}  // namespace owl::cluster
