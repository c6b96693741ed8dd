#include "wal/stream_price.h"

#include <gtest/gtest.h>

namespace owl::wal {
namespace {

using namespace std::chrono_literals;

TEST(StreamPrice, IsThatOfOneRequestPerIntervalAndStore) {
  const auto price = monthly_price(5s, 1);
  EXPECT_EQ(price.puts, 518'400u);
  EXPECT_NEAR(price.r2_dollars, 2.33, 0.005);
  EXPECT_NEAR(price.s3_dollars, 2.59, 0.005);
  EXPECT_EQ(monthly_price(5s, 2).puts, 1'036'800u);
  EXPECT_EQ(monthly_price(60s, 1).puts, 43'200u);
}

}  // namespace
}  // namespace owl::wal
