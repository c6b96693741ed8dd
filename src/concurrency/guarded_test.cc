#include "concurrency/guarded.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>
#include <vector>

namespace owl {
namespace {

TEST(Guarded, ManyThreadsChangeItOneAtATime) {
  Guarded<std::vector<int>> values;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) values.lock()->push_back(n);
      });
    }
  }
  EXPECT_EQ(values.lock()->size(), 8000U);
}

TEST(Guarded, StartsWithItsValueAndCanBeReplaced) {
  Guarded<int> value(5);
  EXPECT_EQ(*value.lock(), 5);
  *value.lock() = 6;
  EXPECT_EQ(*value.lock(), 6);
}

TEST(Guarded, ItsLockServesAConditionVariable) {
  Guarded<int> value(0);
  std::condition_variable changed;
  std::jthread setter([&] {
    *value.lock() = 1;
    changed.notify_one();
  });
  auto lock = value.lock();
  changed.wait(lock.mutex(), [&] { return *lock == 1; });
  EXPECT_EQ(*lock, 1);
}

}  // namespace
}  // namespace owl
