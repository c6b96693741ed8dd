#include "concurrency/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace owl {
namespace {

using namespace std::chrono_literals;

TEST(BoundedQueue, IsFirstInFirstOut) {
  BoundedQueue<int> queue(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.push(i));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.pop(), i);
}

TEST(BoundedQueue, TakesItemsThatOnlyMove) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  queue.push(std::make_unique<int>(7));
  EXPECT_EQ(**queue.pop(), 7);
}

TEST(BoundedQueue, AFullOneHoldsItsProducer) {
  BoundedQueue<int> queue(2);
  std::atomic<int> pushed = 0;
  std::jthread producer([&] {
    for (int i = 0; i < 5; ++i) {
      queue.push(i);
      ++pushed;
    }
  });
  while (pushed < 2) std::this_thread::yield();
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(pushed, 2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(queue.pop(), i);
}

TEST(BoundedQueue, AfterCloseDrainsAndRefuses) {
  BoundedQueue<int> queue(5);
  queue.push(1);
  queue.push(2);
  queue.close();
  EXPECT_FALSE(queue.push(3));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, CloseWakesBothSides) {
  BoundedQueue<int> full(1), empty(1);
  full.push(0);
  std::atomic<int> woken = 0;
  {
    std::jthread producer([&] { woken += full.push(1) ? 0 : 1; });
    std::jthread consumer([&] { woken += empty.pop() ? 0 : 1; });
    std::this_thread::sleep_for(20ms);
    full.close();
    empty.close();
  }
  EXPECT_EQ(woken, 2);
}

TEST(BoundedQueue, AStopWakesBothSides) {
  BoundedQueue<int> full(1), empty(1);
  full.push(0);
  std::stop_source source;
  std::atomic<int> woken = 0;
  {
    std::jthread producer([&] { woken += full.push(1, source.get_token()) ? 0 : 1; });
    std::jthread consumer([&] { woken += empty.pop(source.get_token()) ? 0 : 1; });
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  }
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(full.pop(source.get_token()), std::nullopt) << "a stop comes before what is left";
}

TEST(BoundedQueue, ManyProducersAndConsumersLoseNothing) {
  constexpr int producers = 4, items = 2000;
  BoundedQueue<int> queue(3);
  std::atomic<long> sum = 0, count = 0;
  {
    std::vector<std::jthread> consumers;
    for (int i = 0; i < 4; ++i) {
      consumers.emplace_back([&] {
        while (const auto item = queue.pop()) {
          sum += *item;
          ++count;
        }
      });
    }
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < producers; ++i) {
        threads.emplace_back([&] {
          for (int item = 1; item <= items; ++item) queue.push(item);
        });
      }
    }
    queue.close();
  }
  EXPECT_EQ(count, producers * items);
  EXPECT_EQ(sum, long{producers} * items * (items + 1) / 2);
}

}  // namespace
}  // namespace owl
