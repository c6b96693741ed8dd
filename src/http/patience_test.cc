#include "http/patience.h"

#include <gtest/gtest.h>

#include <thread>

namespace owl::http {
namespace {

using std::chrono::milliseconds;

TEST(Patience, EndsWhenNothingMoves) {
  Patience patience({.silence = milliseconds(40)});
  EXPECT_FALSE(patience.over());
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_TRUE(patience.over());
}

TEST(Patience, BytesBuyTime) {
  Patience patience({.silence = milliseconds(100), .slowest_bytes_per_second = 1000});
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    patience.moved(1000);
  }
  EXPECT_FALSE(patience.over());
}

TEST(Patience, ADripIsGivenUp) {
  Patience patience({.silence = milliseconds(100), .slowest_bytes_per_second = 1'000'000});
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(milliseconds(50));
    patience.moved(1);
  }
  EXPECT_TRUE(patience.over());
}

}  // namespace
}  // namespace owl::http
