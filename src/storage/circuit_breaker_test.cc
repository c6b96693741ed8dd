#include "storage/circuit_breaker.h"

#include <gtest/gtest.h>

namespace owl::storage {
namespace {

using namespace std::chrono_literals;

TEST(CircuitBreakerTest, OpensAfterFailuresInARowOnly) {
  CircuitBreaker breaker({.failures = 3});
  breaker.failed(0s, "no route");
  breaker.failed(0s, "no route");
  breaker.succeeded();
  breaker.failed(0s, "no route");
  breaker.failed(0s, "no route");
  EXPECT_TRUE(breaker.allows(0s));
  breaker.failed(0s, "connection refused");
  EXPECT_FALSE(breaker.allows(0s));
  EXPECT_TRUE(breaker.state().open);
  EXPECT_EQ(breaker.state().last_error, "connection refused");
}

TEST(CircuitBreakerTest, LetsOneTryThroughAfterThePause) {
  CircuitBreaker breaker({.failures = 1, .first_pause = 2s});
  breaker.failed(10s, "down");
  EXPECT_FALSE(breaker.allows(11s));
  EXPECT_TRUE(breaker.allows(12s));
  EXPECT_FALSE(breaker.allows(12s)) << "a second one while the first is out";
  breaker.succeeded();
  EXPECT_TRUE(breaker.allows(12s));
  EXPECT_FALSE(breaker.state().open);
}

TEST(CircuitBreakerTest, PausesDoubleUpToTheLongest) {
  CircuitBreaker breaker({.failures = 1, .first_pause = 2s, .longest_pause = 5s});
  breaker.failed(0s, "down");
  ASSERT_TRUE(breaker.allows(2s));
  breaker.failed(2s, "down");
  EXPECT_FALSE(breaker.allows(5s));
  ASSERT_TRUE(breaker.allows(6s));
  breaker.failed(6s, "down");
  EXPECT_FALSE(breaker.allows(10s));
  EXPECT_TRUE(breaker.allows(11s)) << "8 s would be the next pause, 5 s is the longest";
}

TEST(CircuitBreakerTest, AfterItWorkedPausesBeginAnew) {
  CircuitBreaker breaker({.failures = 1, .first_pause = 2s});
  breaker.failed(0s, "down");
  ASSERT_TRUE(breaker.allows(2s));
  breaker.failed(2s, "down");
  ASSERT_TRUE(breaker.allows(6s));
  breaker.succeeded();
  breaker.failed(7s, "down");
  EXPECT_FALSE(breaker.allows(8s));
  EXPECT_TRUE(breaker.allows(9s));
}

}  // namespace
}  // namespace owl::storage
