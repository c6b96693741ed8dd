#include "cluster/wal_wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal/test_support.h"

namespace owl::cluster {
namespace {

using namespace std::chrono_literals;
using storage::error_of;
using testing::ElementsAre;
using wal::test::segment_name;
using wal::test::segment_size;

constexpr postgres::Lsn in_segment(std::uint64_t number, std::uint64_t offset = 0) {
  return {number * segment_size + offset};
}

TEST(NeededSegments, FromTheStartToTheLastByteBeforeTheStop) {
  const auto names = [](postgres::Lsn start, postgres::Lsn stop) {
    return needed_segments({wal::test::system_id, 1, start, stop, segment_size});
  };
  EXPECT_THAT(names(in_segment(3, 40), in_segment(3, 5000)), ElementsAre(segment_name(1, 3)));
  EXPECT_THAT(names(in_segment(3, 40), in_segment(5, 1)),
              ElementsAre(segment_name(1, 3), segment_name(1, 4), segment_name(1, 5)));
  EXPECT_THAT(names(in_segment(3, 40), in_segment(5)), ElementsAre(segment_name(1, 3), segment_name(1, 4)));
  EXPECT_THAT(names(in_segment(3), in_segment(3)), ElementsAre(segment_name(1, 3))) << "never none";
}

/// A backup that needs segments 3 and 4; the archiver brings them while it waits.
class WalWaitTest : public testing::Test {
 protected:
  /// From then on that segment stands in the store.
  void arrives(storage::MemoryStore& store, std::uint64_t number, std::chrono::seconds when) {
    arrivals_.push_back({&store, wal::test::key_of(segment_name(1, number)), when});
  }
  void wait() {
    bench_.hooks.before = [this](const auto&) {
      const std::lock_guard lock(mutex_);  // both stores are looked at at once
      for (const auto& arrival : arrivals_) {
        if (bench_.clock.monotonic() >= arrival.when) arrival.store->put_once(arrival.key, as_bytes("x"));
      }
    };
    wait_for_wal(need_, bench_.stores, 60s, [] { return "the server's archiver failed 3 times"; }, bench_.clock,
                 bench_.monitor, {});
  }
  std::chrono::nanoseconds waited() const { return bench_.clock.monotonic(); }

  struct Arrival {
    storage::MemoryStore* store;
    std::string key;
    std::chrono::seconds when;
  };
  const NeededWal need_{wal::test::system_id, 1, in_segment(3, 40), in_segment(4, 100), segment_size};
  wal::test::ArchiveBench bench_;
  std::mutex mutex_;
  std::vector<Arrival> arrivals_;
};

TEST_F(WalWaitTest, EndsWhenEveryStoreHasThemAll) {
  for (auto* store : {bench_.a.get(), bench_.b.get()}) {
    arrives(*store, 3, 0s);
    arrives(*store, 4, 7s);
  }
  wait();
  EXPECT_GE(waited(), 7s);
  EXPECT_LT(waited(), 10s);
}

TEST_F(WalWaitTest, GivesTheOtherStoresALittleLonger) {
  for (const std::uint64_t number : {3u, 4u}) arrives(*bench_.a, number, 2s);
  arrives(*bench_.b, 3, 2s);
  wait();
  EXPECT_GT(waited(), 20s);
  EXPECT_LT(waited(), 30s);
}

TEST_F(WalWaitTest, AStoreThatIsCompleteJustInTimeIsEnough) {
  for (const std::uint64_t number : {3u, 4u}) arrives(*bench_.a, number, 55s);
  wait();
  EXPECT_GT(waited(), 75s) << "the deadline is for the first store, the others have their time after it";
}

TEST_F(WalWaitTest, SaysWhatIsMissingAndWhatTheServerSays) {
  arrives(*bench_.a, 3, 0s);
  arrives(*bench_.b, 3, 0s);
  const auto error = error_of([&] { wait(); });
  EXPECT_EQ(error.kind(), ErrorKind::timeout);
  EXPECT_EQ(error.message(), "WAL segment " + segment_name(1, 4) +
                                 ", which this backup needs, was not archived within 1 min 00 s: " +
                                 "the server's archiver failed 3 times");
  EXPECT_EQ(
      error.hint(),
      "Look at archive_command and at the server's log; the backup was not committed. `owlbackup doctor` checks both.");
}

TEST_F(WalWaitTest, AStoreThatDiesIsWaitedForNoLonger) {
  for (const std::uint64_t number : {3u, 4u})
    bench_.a->put_once(wal::test::key_of(segment_name(1, number)), as_bytes("x"));
  bench_.hooks.before = [](const auto& operation) {
    if (operation.store == "b") throw Error(ErrorKind::unreachable, "connection refused");
  };
  wait_for_wal(need_, bench_.stores, 60s, [] { return ""; }, bench_.clock, bench_.monitor, {});
  EXPECT_EQ(waited(), 0s);
  EXPECT_THAT(bench_.stores.dropped(), ElementsAre("b"));
}

TEST_F(WalWaitTest, AStopEndsTheWaiting) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(error_of([&] {
              wait_for_wal(
                  need_, bench_.stores, 60s, [] { return ""; }, bench_.clock, bench_.monitor, stop.get_token());
            }).kind(),
            ErrorKind::cancelled);
}

TEST_F(WalWaitTest, BeforeItsManifestAStoreMustHaveThem) {
  repository::StoreSet::Member member{"a", bench_.a, nullptr};
  bench_.a->put_once(wal::test::key_of(segment_name(1, 3)), as_bytes("x"));
  const auto error = error_of([&] { require_wal(need_, member, {}); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_EQ(error.message(), "WAL segment " + segment_name(1, 4) + " is not in store a");
  bench_.a->put_once(wal::test::key_of(segment_name(1, 4)), as_bytes("x"));
  require_wal(need_, member, {});
}

}  // namespace
}  // namespace owl::cluster
