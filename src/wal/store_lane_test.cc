#include "wal/store_lane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <semaphore>

#include "wal/service_bench.h"

namespace owl::wal {
namespace {

using storage::error_of;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class StoreLaneTest : public testing::Test {
 protected:
  /// A lane of its own over store a, and jobs that ask for it alone.
  StoreLane& lane() {
    if (!lane_) {
      lane_ = std::make_unique<StoreLane>(bench_.archive.stores.alive().at(0), options_, bench_.archive.clock,
                                          bench_.archive.monitor);
    }
    return *lane_;
  }
  std::shared_ptr<ArchiveJob> job(std::uint64_t number) {
    bench_.put(number);
    auto& a = bench_.archive;
    auto file = WalFileReader(a.keys, 1).read(bench_.source(number), [](const auto&...) { return std::nullopt; });
    auto job = std::make_shared<ArchiveJob>(FileMark{}, AckPolicy{1});
    job->begin_storing(std::make_unique<WalWriter>(std::move(file), a.keys, a.clock, a.random, a.monitor), 1);
    return job;
  }
  std::shared_ptr<ArchiveJob> added(std::uint64_t number) {
    auto made = job(number);
    lane().add(made);
    return made;
  }
  static constexpr std::chrono::seconds patience{20};

  test::ServiceBench bench_{8};
  LaneOptions options_{.uploads = 1, .backlog = 2, .breaker = {}};
  std::unique_ptr<StoreLane> lane_;
};

TEST_F(StoreLaneTest, StoresAndForgetsWhatItMissed) {
  lane().add_missed(bench_.name(3));
  EXPECT_THAT(added(3)->wait(patience, {}).stores, ElementsAre("a"));
  ASSERT_TRUE(bench_.eventually([&] { return lane().missed().empty(); }));
  EXPECT_TRUE(bench_.archive.a->get(bench_.key(3), {}));
}

TEST_F(StoreLaneTest, AfterFailuresInARowItIsGivenARest) {
  bench_.kill("a");
  for (const std::uint64_t number : {3u, 4u, 5u}) {
    EXPECT_THROW(added(number)->wait(patience, {}), Error);
  }
  EXPECT_TRUE(lane().state().breaker.open);
  bench_.heal();
  const auto error = error_of([&] { added(6)->wait(patience, {}); });
  EXPECT_THAT(error.what(), testing::HasSubstr("failed 3 times in a row and is given a rest"));
  EXPECT_THAT(lane().missed(), SizeIs(4));
  bench_.archive.clock.sleep(std::chrono::seconds(3), {});
  EXPECT_THAT(added(7)->wait(patience, {}).stores, ElementsAre("a"));
  EXPECT_FALSE(lane().state().breaker.open);
}

TEST_F(StoreLaneTest, WhatTellsOfTheFileIsNotTheStoresFault) {
  for (int i = 0; i < 4; ++i) lane().through_breaker([] {});
  for (int i = 0; i < 4; ++i) {
    EXPECT_THROW(lane().through_breaker([] { throw Error(ErrorKind::conflict, "other bytes"); }), Error);
  }
  EXPECT_FALSE(lane().state().breaker.open);
}

TEST_F(StoreLaneTest, OneThatIsTooSlowIsLeftBehind) {
  std::counting_semaphore<8> go(0);
  std::atomic<int> begun = 0;
  bench_.archive.hooks.before = [&](const auto& operation) {
    if (operation.store != "a") return;
    ++begun;
    go.acquire();
  };
  const auto first = added(3);
  ASSERT_TRUE(bench_.eventually([&] { return begun == 1; }));
  const auto second = added(4), third = added(5);
  EXPECT_EQ(lane().state().waiting, 2u);
  const auto error = error_of([&] { added(6)->wait(patience, {}); });
  EXPECT_EQ(error.kind(), ErrorKind::timeout);
  EXPECT_THAT(lane().missed(), ElementsAre(bench_.name(6)));
  go.release(8);
  for (const auto& waiting : {first, second, third}) EXPECT_THAT(waiting->wait(patience, {}).stores, ElementsAre("a"));
}

}  // namespace
}  // namespace owl::wal
