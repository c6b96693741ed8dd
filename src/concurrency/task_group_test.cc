#include "concurrency/task_group.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <set>
#include <stdexcept>

#include "base/error.h"
#include "concurrency/guarded.h"

namespace owl {
namespace {

using namespace std::chrono_literals;

/// Blocks until a stop is requested, as a well-behaved task does.
void wait_for_stop(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, stop, [] { return false; });
}

template <typename Body>
std::string error_text(Body body) {
  try {
    body();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no exception";
}

TEST(TaskGroup, WaitsForAllTasks) {
  std::atomic<int> done = 0;
  TaskGroup group;
  for (int i = 0; i < 5; ++i) {
    group.add("sleeper", [&](std::stop_token) {
      std::this_thread::sleep_for(10ms);
      ++done;
    });
  }
  group.wait();
  EXPECT_EQ(done, 5);
  group.wait();  // with nothing left to wait for
}

TEST(TaskGroup, TheFirstExceptionWinsAndStopsTheOthers) {
  TaskGroup group;
  for (int i = 0; i < 4; ++i) {
    group.add("victim", [](std::stop_token stop) {
      wait_for_stop(stop);
      throw std::runtime_error("a consequence");
    });
  }
  group.add("culprit", [](std::stop_token) { throw Error(ErrorKind::disk_full, "the cause"); });
  EXPECT_EQ(error_text([&] { group.wait(); }), "the cause");
  EXPECT_TRUE(group.token().stop_requested());
}

TEST(TaskGroup, KeepsTheErrorWhole) {
  TaskGroup group;
  group.add("task", [](std::stop_token) {
    throw Error(ErrorKind::throttled, "slow down").with_http_status(503).with_context("storing pack 4f");
  });
  try {
    group.wait();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::throttled);
    EXPECT_EQ(error.http_status(), 503);
    EXPECT_STREQ(error.what(), "storing pack 4f: slow down");
  }
}

TEST(TaskGroup, TheParentStopsIt) {
  std::stop_source parent;
  TaskGroup group(parent.get_token());
  std::atomic<int> stopped = 0;
  for (int i = 0; i < 3; ++i) {
    group.add("waiter", [&](std::stop_token stop) {
      wait_for_stop(stop);
      ++stopped;
    });
  }
  parent.request_stop();
  group.wait();
  EXPECT_EQ(stopped, 3);
}

TEST(TaskGroup, AParentThatIsStoppedAlready) {
  std::stop_source parent;
  parent.request_stop();
  TaskGroup group(parent.get_token());
  EXPECT_TRUE(group.token().stop_requested());
  std::atomic<bool> saw_it = false;
  group.add("late", [&](std::stop_token stop) { saw_it = stop.stop_requested(); });
  group.wait();
  EXPECT_TRUE(saw_it);
}

TEST(TaskGroup, AStopOfTheGroupLeavesTheParentAlone) {
  std::stop_source parent;
  TaskGroup group(parent.get_token());
  group.request_stop();
  EXPECT_TRUE(group.token().stop_requested());
  EXPECT_FALSE(parent.stop_requested());
}

TEST(TaskGroup, NothingOutlivesItsScope) {
  std::atomic<int> running = 0;
  {
    TaskGroup group;
    for (int i = 0; i < 4; ++i) {
      group.add("task", [&](std::stop_token stop) {
        ++running;
        wait_for_stop(stop);
        std::this_thread::sleep_for(5ms);
        --running;
        throw std::runtime_error("dropped");
      });
    }
    while (running < 4) std::this_thread::yield();
  }
  EXPECT_EQ(running, 0);
}

TEST(TaskGroup, NamesItsThreads) {
  Guarded<std::set<std::string>> names;
  TaskGroup group;
  for (const std::string name : {"upload", "a name of more than fifteen letters"}) {
    group.add(name, [&](std::stop_token) {
      std::array<char, 64> buffer{};
      ::pthread_getname_np(::pthread_self(), buffer.data(), buffer.size());
      names.lock()->insert(buffer.data());
    });
  }
  group.wait();
  EXPECT_EQ(*names.lock(), (std::set<std::string>{"upload", "a name of more "}));
}

TEST(ParallelFor, DoesEveryItemOnce) {
  for (const unsigned workers : {0U, 1U, 3U, 16U}) {
    for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> done(count);
      parallel_for(count, workers, {}, [&](std::size_t i, std::stop_token) { ++done[i]; });
      for (const auto& times : done) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ParallelFor, UsesAtMostItsWorkers) {
  std::atomic<int> now = 0, most = 0;
  parallel_for(200, 4, {}, [&](std::size_t, std::stop_token) {
    const int running = ++now;
    for (int seen = most; seen < running && !most.compare_exchange_weak(seen, running);) {
    }
    std::this_thread::sleep_for(100us);
    --now;
  });
  EXPECT_LE(most, 4);
  EXPECT_GE(most, 2);
}

TEST(ParallelFor, AnErrorEndsItEarly) {
  for (const unsigned workers : {1U, 4U}) {
    std::atomic<int> done = 0;
    const auto text = error_text([&] {
      parallel_for(1'000'000, workers, {}, [&](std::size_t i, std::stop_token) {
        ++done;
        if (i == 10) throw std::runtime_error("item 10 is bad");
      });
    });
    EXPECT_EQ(text, "item 10 is bad");
    EXPECT_LT(done, 1'000'000);
  }
}

TEST(ParallelFor, AStopIsNotMistakenForTheEnd) {
  for (const unsigned workers : {1U, 4U}) {
    std::stop_source source;
    EXPECT_THROW(parallel_for(1000, workers, source.get_token(),
                              [&](std::size_t i, std::stop_token) {
                                if (i == 5) source.request_stop();
                              }),
                 Error);
  }
}

TEST(ParallelFor, AStopAfterTheLastItemChangesNothing) {
  std::stop_source source;
  parallel_for(1, 4, source.get_token(), [&](std::size_t, std::stop_token) { source.request_stop(); });
}

TEST(ThrowIfStopped, Throws) {
  std::stop_source source;
  throw_if_stopped(source.get_token());
  throw_if_stopped({});
  source.request_stop();
  EXPECT_EQ(error_text([&] { throw_if_stopped(source.get_token()); }), "stopped on request");
}

}  // namespace
}  // namespace owl
