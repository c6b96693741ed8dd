#include "wal/prefetcher.h"

#include <gtest/gtest.h>

#include <thread>

#include "os/test_support.h"
#include "wal/test_support.h"

namespace owl::wal {
namespace {

using namespace std::chrono_literals;
using test::key_of;
using test::segment_name;
using test::segment_size;

class PrefetcherTest : public testing::Test {
 protected:
  void put(postgres::TimelineId timeline, std::uint64_t number) {
    bench_.put(*bench_.a, segment_name(timeline, number), Bytes(segment_size, static_cast<std::uint8_t>(number)));
  }
  PrefetchOptions options() const {
    return {.path = path_, .segment_size = segment_size, .workers = 2, .memory_bytes = 4 * std::uint64_t{segment_size}};
  }
  /// Fetches until one was at hand when it was asked for; the workers need a moment.
  static bool gets_ahead(Prefetcher& wal, std::uint64_t first, std::uint64_t last) {
    for (auto number = first; number <= last; ++number) {
      EXPECT_EQ(wal.fetch(segment_name(1, number))->front(), number);
      std::this_thread::sleep_for(20ms);
    }
    return wal.state().ready > 0;
  }

  test::ArchiveBench bench_;
  postgres::TimelinePath path_{1, {}};
  Fetcher fetcher_ = bench_.fetcher(postgres::TimelinePath(1, {}));
};

TEST_F(PrefetcherTest, HasTheNextOnesAtHand) {
  for (std::uint64_t number = 1; number <= 60; ++number) put(1, number);
  Prefetcher wal(fetcher_, options());
  EXPECT_TRUE(gets_ahead(wal, 1, 60));
  EXPECT_EQ(wal.state().asked, 60u);
}

TEST_F(PrefetcherTest, WhatWasAbsentAheadOfTimeIsAskedForAgain) {
  put(1, 1);
  Prefetcher wal(fetcher_, options());
  ASSERT_TRUE(wal.fetch(segment_name(1, 1)));
  std::this_thread::sleep_for(100ms);  // for the guesses to come to nothing
  put(1, 2);
  EXPECT_EQ(wal.fetch(segment_name(1, 2))->front(), 2) << "it was archived meanwhile";
  EXPECT_FALSE(wal.fetch(segment_name(1, 3)));
}

TEST_F(PrefetcherTest, DamageIsToldWhenTheServerAsks) {
  put(1, 1);
  put(1, 2);
  bench_.flip_a_bit(*bench_.a, segment_name(1, 2));
  Prefetcher wal(fetcher_, options());
  ASSERT_TRUE(wal.fetch(segment_name(1, 1)));
  EXPECT_EQ(os::test::error_of([&] { wal.fetch(segment_name(1, 2)); }).kind(), ErrorKind::integrity);
}

TEST_F(PrefetcherTest, FollowsThePathOverAFork) {
  const postgres::Lsn fork{2 * std::uint64_t{segment_size} + 8192};
  path_ = postgres::TimelinePath(2, {{1, fork, ""}});
  Fetcher fetcher = bench_.fetcher(path_);
  put(1, 1);
  put(2, 2);
  put(2, 3);
  Prefetcher wal(fetcher, options());
  ASSERT_TRUE(wal.fetch(segment_name(1, 1)));
  ASSERT_TRUE(wal.fetch(segment_name(2, 2)));
  ASSERT_TRUE(wal.fetch(segment_name(2, 3)));
  EXPECT_FALSE(wal.fetch(segment_name(1, 2))) << "the fork's segment comes from the child alone, ahead of time, too";
}

TEST_F(PrefetcherTest, SegmentsLargerThanItsMemoryAreFetchedWhenAskedFor) {
  put(1, 1);
  put(1, 2);
  auto small = options();
  small.memory_bytes = segment_size - 1;
  Prefetcher wal(fetcher_, small);
  EXPECT_TRUE(wal.fetch(segment_name(1, 1)));
  EXPECT_TRUE(wal.fetch(segment_name(1, 2)));
  EXPECT_EQ(wal.state().ready, 0u);
}

TEST_F(PrefetcherTest, HistoryFilesPassThrough) {
  bench_.put_history(*bench_.a, 2, "1\t0/3000000\tno reason\n");
  Prefetcher wal(fetcher_, options());
  EXPECT_TRUE(wal.fetch("00000002.history"));
  EXPECT_FALSE(wal.fetch("00000003.history"));
}

}  // namespace
}  // namespace owl::wal
