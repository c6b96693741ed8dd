#include "storage/backoff.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace owl::storage {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, Table) {
  const struct {
    int attempt;
    std::int64_t asked;
    std::uint64_t random;
    int expected;
  } cases[] = {
      {1, 0, 0, 0},
      {1, 0, 200, 200},
      {1, 0, 201, 0},  // 0 … 200
      {2, 0, 400, 400},
      {3, 0, 800, 800},
      {7, 0, 12'800, 12'800},  // doubles
      {8, 0, 20'000, 20'000},
      {8, 0, 20'001, 0},
      {1000, 0, 20'000, 20'000},  // up to the cap
      {0, 0, 200, 200},
      {-5, 0, 200, 200},  // nonsense is the first
      {1, 3000, 0, 3000},
      {1, 3000, 150, 3150},  // what was asked, and jitter
      {1, -1, 0, 0},
      {1, 10'000'000, 7, 120'007},  // within reason
  };
  for (const auto& test : cases) {
    EXPECT_EQ(backoff({}, test.attempt, test.asked, test.random), milliseconds(test.expected))
        << test.attempt << " " << test.asked << " " << test.random;
  }
}

TEST(Backoff, NeverLeavesItsBounds) {
  std::uint64_t random = 1;
  for (int attempt = 1; attempt < 40; ++attempt) {
    for (int i = 0; i < 100; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const auto wait = backoff({}, attempt, 0, random);
      EXPECT_GE(wait, milliseconds(0));
      EXPECT_LE(wait, milliseconds(20'000));
    }
  }
}

}  // namespace
}  // namespace owl::storage
