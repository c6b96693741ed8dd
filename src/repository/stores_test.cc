#include "repository/stores.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "repository/test_support.h"

namespace owl::repository {
namespace {

using storage::error_of;
using test::Bench;
using testing::ElementsAre;
using testing::HasSubstr;

class StoreSetTest : public testing::Test {
 protected:
  /// Runs on_each with an error for the named store; returns the names that were worked on.
  std::vector<std::string> on_each_failing(StoreSet& stores, const std::string& name, ErrorKind kind) {
    std::mutex mutex;
    std::vector<std::string> seen;
    stores.on_each([&](StoreSet::Member& member) {
      {
        const std::lock_guard lock(mutex);
        seen.push_back(member.name);
      }
      if (member.name == name) throw Error(kind, "no");
    });
    std::ranges::sort(seen);
    return seen;
  }

  Bench bench{{"a", "b", "c"}};
  StoreSet set = bench.stores();
};

TEST_F(StoreSetTest, AStoreThatFailsDropsOutWithAWarning) {
  EXPECT_THAT(on_each_failing(set, "b", ErrorKind::timeout), ElementsAre("a", "b", "c"));
  EXPECT_THAT(set.dropped(), ElementsAre("b"));
  EXPECT_EQ(set.size(), 2U);
  EXPECT_THAT(bench.monitor.warnings(), ElementsAre("store b takes no further part in this run: no"));
  EXPECT_THAT(on_each_failing(set, "b", ErrorKind::timeout), ElementsAre("a", "c"));
}

TEST_F(StoreSetTest, AStoreThatIsNotThereDropsOutToo) {
  on_each_failing(set, "b", ErrorKind::config);
  EXPECT_THAT(set.dropped(), ElementsAre("b"));
}

TEST_F(StoreSetTest, AnErrorThatIsNoStoresFaultEndsTheCall) {
  for (const auto kind : {ErrorKind::integrity, ErrorKind::conflict, ErrorKind::cancelled, ErrorKind::no_key}) {
    EXPECT_EQ(error_of([&] { on_each_failing(set, "b", kind); }).kind(), kind);
  }
  EXPECT_EQ(set.size(), 3U);
}

TEST_F(StoreSetTest, TheLastStoresErrorIsTheRuns) {
  on_each_failing(set, "a", ErrorKind::denied);
  on_each_failing(set, "b", ErrorKind::disk_full);
  EXPECT_EQ(error_of([&] { on_each_failing(set, "c", ErrorKind::throttled); }).kind(), ErrorKind::throttled);
  EXPECT_EQ(error_of([&] { on_each_failing(set, "", ErrorKind::internal); }).kind(), ErrorKind::unreachable);
}

TEST_F(StoreSetTest, OnEachWorksInParallel) {
  std::mutex mutex;
  std::condition_variable everybody;
  int there = 0;
  set.on_each([&](StoreSet::Member&) {  // would wait for ever if they came one after the other
    std::unique_lock lock(mutex);
    ++there;
    everybody.notify_all();
    everybody.wait(lock, [&] { return there == 3; });
  });
}

TEST_F(StoreSetTest, OnAnyGoesOnUntilOneAnswers) {
  std::vector<std::string> asked;
  set.on_any([&](StoreSet::Member& member) {
    asked.push_back(member.name);
    if (member.name == "a") throw Error(ErrorKind::integrity, "damaged");
  });
  EXPECT_THAT(asked, ElementsAre("a", "b"));
}

TEST_F(StoreSetTest, OnAnyThrowsTheLastErrorWithWhatTheOthersSaid) {
  const auto error = error_of([&] {
    set.on_any([&](StoreSet::Member& member) {
      throw Error(member.name == "a" ? ErrorKind::unreachable : ErrorKind::integrity, "trouble in " + member.name);
    });
  });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_STREQ(error.what(), "store b said: trouble in b: store a said: trouble in a: trouble in c");
  EXPECT_EQ(set.size(), 3U) << "nobody drops out of reading: absence must stay provable";
}

TEST_F(StoreSetTest, OnAnyAsksAStoreThatCouldNotBeReachedLastFromThenOn) {
  set.on_any([&](StoreSet::Member& member) {
    if (member.name == "a") throw Error(ErrorKind::unreachable, "down");
  });
  std::vector<std::string> asked;
  EXPECT_THROW(set.on_any([&](StoreSet::Member& member) {
    asked.push_back(member.name);
    throw Error(ErrorKind::integrity, "absent");
  }),
               Error);
  EXPECT_THAT(asked, ElementsAre("b", "c", "a"));
}

TEST_F(StoreSetTest, OnAnyStopsAtOnceWhereNoOtherStoreCouldHelp) {
  for (const auto kind : {ErrorKind::cancelled, ErrorKind::no_key}) {
    int asked = 0;
    EXPECT_EQ(error_of([&] {
                set.on_any([&](StoreSet::Member&) {
                  ++asked;
                  throw Error(kind, "no");
                });
              }).kind(),
              kind);
    EXPECT_EQ(asked, 1);
  }
}

}  // namespace
}  // namespace owl::repository
