#include "wal/archiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "wal/service_bench.h"

namespace owl::wal {
namespace {

using storage::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ArchiverTest : public testing::Test {
 protected:
  std::size_t puts(const std::string& store) const {
    const std::lock_guard lock(mutex_);
    return puts_.contains(store) ? puts_.at(store) : 0;
  }
  void count_puts() {
    bench_.archive.hooks.after = [this](const auto& operation) {
      const std::lock_guard lock(mutex_);
      if (operation.verb == "put") ++puts_[operation.store];
    };
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::size_t> puts_;
  test::ServiceBench bench_;
};

TEST_F(ArchiverTest, IsArchivedWhenEveryStoreOfThePolicyHasIt) {
  bench_.put(3);
  const auto result = bench_.archiver().archive(bench_.source(3), {});
  EXPECT_EQ(result.outcome, PushOutcome::stored);
  EXPECT_THAT(result.stores, ElementsAre("a", "b"));
  for (const auto& store : {bench_.archive.a, bench_.archive.b}) EXPECT_TRUE(store->get(bench_.key(3), {}));
  const auto state = bench_.archiver().state();
  EXPECT_EQ(state.archived, 1u);
  EXPECT_EQ(state.failed, 0u);
  EXPECT_EQ(state.last_archived, bench_.name(3));
  EXPECT_EQ(state.plain_bytes, test::segment_size);
  EXPECT_EQ(state.running, 0u);
  EXPECT_THAT(bench_.archiver().acknowledged(), ElementsAre(bench_.name(3)));
}

TEST_F(ArchiverTest, WhatWasBegunIsStoredOnceAndJoined) {
  count_puts();
  bench_.put(3);
  bench_.archiver().begin(bench_.source(3), [] { return true; });
  EXPECT_TRUE(bench_.archiver().has_begun(bench_.name(3)));
  EXPECT_EQ(bench_.archiver().archive(bench_.source(3), {}).outcome, PushOutcome::stored);
  EXPECT_EQ(puts("a"), 1u);
  EXPECT_EQ(puts("b"), 1u);
}

/// Nothing is remembered of it: PostgreSQL asks again where it was killed before it could note the answer.
TEST_F(ArchiverTest, AskedAgainItLooksAtWhatIsStored) {
  bench_.put(3);
  bench_.archiver().archive(bench_.source(3), {});
  EXPECT_EQ(bench_.archiver().archive(bench_.source(3), {}).outcome, PushOutcome::already_stored);
  bench_.archive.a->remove(bench_.key(3), {});
  EXPECT_EQ(bench_.archiver().archive(bench_.source(3), {}).outcome, PushOutcome::stored);
  EXPECT_TRUE(bench_.archive.a->get(bench_.key(3), {}));
}

TEST_F(ArchiverTest, AFileThatIsNotReadyAnyMoreWhenItWasReadIsDropped) {
  bench_.put(3);
  bench_.archiver().begin(bench_.source(3), [] { return false; });
  ASSERT_TRUE(bench_.eventually([&] { return !bench_.archiver().is_under_way(bench_.name(3)); }));
  EXPECT_FALSE(bench_.archive.a->get(bench_.key(3), {}));
  EXPECT_EQ(bench_.archiver().state().waiting_to_be_asked, 0u);
}

TEST_F(ArchiverTest, AnotherFileUnderTheSameNameIsAnotherJob) {
  bench_.put(3);
  bench_.archiver().archive(bench_.source(3), {});
  bench_.put(bench_.name(3), bench_.wal.segments()[1], ".ready");
  EXPECT_THAT(error_of([&] { bench_.archiver().archive(bench_.source(3), {}); }).message(),
              HasSubstr("is not " + bench_.name(3)));
  EXPECT_EQ(bench_.archiver().state().failed, 1u);
  EXPECT_THAT(bench_.archiver().state().last_error, HasSubstr(bench_.name(3)));
}

TEST_F(ArchiverTest, WithoutEnoughStoresItSaysWhyAndWorksOnceTheyAreBack) {
  bench_.put(3);
  bench_.kill("b");
  EXPECT_THAT(error_of([&] { bench_.archiver().archive(bench_.source(3), {}); }).message(),
              HasSubstr("connection refused"));
  EXPECT_THAT(bench_.archiver().acknowledged(), IsEmpty());
  bench_.heal();
  EXPECT_THAT(bench_.archiver().archive(bench_.source(3), {}).stores, ElementsAre("a", "b"));
}

TEST_F(ArchiverTest, WithPolicyAnyADeadStoreIsNotWaitedFor) {
  bench_.options.policy = {1};
  bench_.kill("b");
  for (const std::uint64_t number : {3u, 4u, 5u, 6u}) {
    bench_.put(number);
    EXPECT_THAT(bench_.archiver().archive(bench_.source(number), {}).stores, ElementsAre("a"));
  }
  ASSERT_TRUE(bench_.eventually([&] { return bench_.lane(1).missed().size() == 4; }));
  EXPECT_TRUE(bench_.lane(1).state().breaker.open);
  EXPECT_THAT(bench_.lane(0).missed(), IsEmpty());
}

TEST_F(ArchiverTest, ACloneMustNotBeginATimeline) {
  for (const auto& entry : std::filesystem::directory_iterator(bench_.state_directory)) os::remove_file(entry.path());
  bench_.put("00000002.history", as_bytes("1\t0/500000\tfork\n"), ".ready");
  EXPECT_THAT(error_of([&] { bench_.archiver().archive(bench_.source("00000002.history"), {}); }).message(),
              HasSubstr("is not enrolled"));
}

TEST_F(ArchiverTest, TheSpoolTakesWhatStoresThatAreAwayCant) {
  bench_.options.spool = bench_.folder / "spool";
  bench_.options.lane.breaker.failures = 1;
  bench_.kill("b");
  bench_.put(3);
  bench_.put(4);
  EXPECT_THROW(bench_.archiver().archive(bench_.source(3), {}), Error) << "that b is away isn't known yet";
  bench_.archiver().archive(bench_.source(4), {});
  EXPECT_EQ(bench_.archiver().spool()->state().files, 1u);
  EXPECT_THAT(bench_.archive.monitor.warnings(),
              testing::Contains(HasSubstr(bench_.name(4) + " is in the local spool alone")));
}

}  // namespace
}  // namespace owl::wal
