#include "wal/disk_guard.h"

#include <gtest/gtest.h>

namespace owl::wal {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t GiB = 1u << 30;

DiskSample used(std::chrono::nanoseconds at, std::uint64_t gib) {
  return {at, (100 - gib) * GiB, 100 * GiB};
}

TEST(DiskGuardTest, TellsOfEachThresholdOnce) {
  DiskGuard guard;
  EXPECT_FALSE(guard.look(used(0s, 49)));
  EXPECT_EQ(guard.look(used(1s, 50))->threshold, 50u);
  EXPECT_FALSE(guard.look(used(2s, 60)));
  EXPECT_EQ(guard.look(used(3s, 92))->threshold, 90u) << "over 75 at once";
  EXPECT_FALSE(guard.look(used(4s, 95)));
}

TEST(DiskGuardTest, OnTheEdgeItIsToldOnce) {
  DiskGuard guard;
  EXPECT_TRUE(guard.look(used(0s, 75)));
  EXPECT_FALSE(guard.look(used(1s, 74)));
  EXPECT_FALSE(guard.look(used(2s, 75)));
  EXPECT_FALSE(guard.look(used(3s, 71)));
  EXPECT_EQ(guard.look(used(4s, 70))->threshold, 50u) << "five per cent below: it is over";
  EXPECT_EQ(guard.look(used(5s, 76))->threshold, 75u) << "and told again when it comes back";
}

TEST(DiskGuardTest, TheRateIsThatOfTheLastMinutes) {
  DiskGuard guard;
  guard.look(used(0s, 10));
  guard.look(used(60s, 10));
  EXPECT_FALSE(guard.state().time_left) << "it isn't filling";
  guard.look(used(120s, 12));
  EXPECT_EQ(guard.state().time_left, 88 * 60s) << "2 GiB in two minutes, 88 GiB free";
  guard.look(used(20min, 12));
  EXPECT_FALSE(guard.state().time_left) << "what is older than ten minutes counts no more";
}

TEST(DiskGuardTest, ForPeople) {
  DiskGuard guard;
  guard.look(used(0s, 70));
  EXPECT_EQ(to_text(*guard.look(used(10min, 80))),
            "pg_wal's disk is 80 % full, 20.0 GiB free; at this rate it is full in 20 min 00 s");
}

}  // namespace
}  // namespace owl::wal
