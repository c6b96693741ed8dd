#include "concurrency/byte_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/error.h"

namespace owl {
namespace {

using namespace std::chrono_literals;

/// Can that much be taken right now?
bool is_free(ByteBudget& budget, std::uint64_t bytes) {
  std::stop_source source;
  std::jthread impatient([&] {
    std::this_thread::sleep_for(50ms);
    source.request_stop();
  });
  try {
    budget.take(bytes, source.get_token());
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    return false;
  }
}

TEST(ByteBudget, TicketsGiveBack) {
  ByteBudget budget(100);
  {
    const auto a = budget.take(60), b = budget.take(40);
    EXPECT_FALSE(is_free(budget, 1));
  }
  const auto all = budget.take(100);
  EXPECT_EQ(budget.peak_bytes(), 100U);
}

TEST(ByteBudget, AMovedTicketGivesBackOnce) {
  ByteBudget budget(100);
  {
    auto a = budget.take(100);
    auto b = std::move(a);
    ByteBudget::Ticket c;
    c = std::move(b);
    EXPECT_FALSE(is_free(budget, 1));
    c = budget.take(0);
    EXPECT_TRUE(is_free(budget, 100)) << "an assignment gives back what was held";
  }
  EXPECT_TRUE(is_free(budget, 100));
  EXPECT_FALSE([&] {
    const auto all = budget.take(100);
    return is_free(budget, 1);
  }()) << "nothing was given back twice";
}

TEST(ByteBudget, ARequestLargerThanAllWaitsUntilItIsAlone) {
  ByteBudget budget(100);
  std::atomic<bool> taken = false;
  std::jthread large;
  {
    const auto small = budget.take(1);
    large = std::jthread([&] {
      const auto ticket = budget.take(1'000'000);
      taken = true;
    });
    std::this_thread::sleep_for(20ms);
    EXPECT_FALSE(taken);
  }
  large.join();
  EXPECT_TRUE(taken);
  EXPECT_EQ(budget.peak_bytes(), 100U);
}

TEST(ByteBudget, AnAlreadyStoppedTakeIsCancelled) {
  ByteBudget budget(100);
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(budget.take(1, source.get_token()), Error);
  EXPECT_TRUE(is_free(budget, 100));
}

TEST(ByteBudget, IsNeverExceededByManyThreads) {
  ByteBudget budget(1000);
  std::atomic<std::int64_t> out = 0, worst = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (unsigned round = 0; round < 500; ++round) {
          const std::int64_t amount = (i * 97 + round * 31) % 700;
          const auto ticket = budget.take(static_cast<std::uint64_t>(amount));
          const auto now = out += amount;
          for (auto seen = worst.load(); seen < now && !worst.compare_exchange_weak(seen, now);) {
          }
          out -= amount;
        }
      });
    }
  }
  EXPECT_LE(worst, 1000);
  EXPECT_LE(budget.peak_bytes(), 1000U);
  EXPECT_TRUE(is_free(budget, 1000));
}

}  // namespace
}  // namespace owl
