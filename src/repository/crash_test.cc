#include <algorithm>

#include "repository/test_support.h"

/// The promise of the order of writes: whatever happens to a run at whatever moment, every backup that is listed
/// afterwards is whole, and the next run goes on where the dead one ended.
namespace owl::repository {
namespace {

using namespace std::chrono_literals;
using test::Bench;
using test::Crash;
using test::Operation;
using test::some_blobs;

using Backups = std::vector<std::vector<Bytes>>;

/// The state that every attempt begins with: one backup of part of the data.
class CrashTest : public testing::Test {
 protected:
  struct Attempt {
    Bench bench;
    std::mutex mutex;
    std::size_t operations = 0;
  };

  void prepare(Attempt& attempt) {
    attempt.bench.back_up(old_blobs);
    attempt.bench.clock.advance(1h);
  }

  /// Counts the operations of one undisturbed backup.
  std::size_t operations_of_a_backup() {
    Attempt attempt;
    prepare(attempt);
    attempt.bench.hooks.before = [&](const Operation&) {
      const std::lock_guard lock(attempt.mutex);
      ++attempt.operations;
    };
    attempt.bench.back_up(new_blobs);
    return attempt.operations;
  }

  /// A hook that calls `strike` at the n-th operation that `counts`.
  static test::HookedStore::Hook at_number(Attempt& attempt, std::size_t n,
                                           std::function<void(const Operation&)> strike,
                                           std::function<bool(const Operation&)> counts = {}) {
    return [&attempt, n, strike = std::move(strike), counts = std::move(counts)](const Operation& operation) {
      {
        const std::lock_guard lock(attempt.mutex);
        if (counts && !counts(operation)) return;
        if (++attempt.operations != n) return;
      }
      strike(operation);
    };
  }

  void expect_whole_or_none(Bench& bench, const std::vector<std::string>& stores) {
    const auto backups = bench.read_all(stores);
    const Backups before{old_blobs}, after{old_blobs, new_blobs};
    EXPECT_TRUE(backups == before || backups == after) << backups.size() << " backups";
  }

  void expect_next_run_resumes(Bench& bench) {
    bench.hooks = {};
    bench.clock.advance(61min);  // nobody else can tell that the dead run is dead: this very process was it
    const auto known = bench.blobs_everywhere();
    crypto::Namer namer(bench.keys.writer_naming);
    const auto missing = std::ranges::count_if(
        new_blobs, [&](const Bytes& blob) { return !known.contains(namer.name(crypto::BlobKind::bytes, blob)); });
    const auto ran = bench.back_up(new_blobs);
    EXPECT_EQ(ran.stored_blobs, static_cast<std::size_t>(missing)) << "what stands in both stores is not stored again";
    EXPECT_EQ(ran.committed.stores.size(), 2U);
    for (const auto* store : {"a", "b"}) EXPECT_EQ(bench.read_all({store}).back(), new_blobs);
  }

  const std::vector<Bytes> old_blobs = some_blobs(3, 3000, 1);
  const std::vector<Bytes> new_blobs = [this] {
    auto blobs = some_blobs(6, 3000, 2);
    blobs.push_back(old_blobs[1]);
    return blobs;
  }();
};

/// Dead before operation n, and after it, for every n: nothing of the process does anything any more.
TEST_F(CrashTest, AtAnyMomentLeavesTheWholeBackupOrNone) {
  const auto most = operations_of_a_backup();
  ASSERT_GT(most, 30U);
  for (const bool after : {false, true}) {
    for (std::size_t n = 1; n <= most; ++n) {
      SCOPED_TRACE((after ? "dead after operation " : "dead before operation ") + std::to_string(n));
      Attempt attempt;
      prepare(attempt);
      std::atomic<bool> dead = false;
      const auto die = at_number(attempt, n, [&](const Operation&) {
        dead = true;
        throw Crash();
      });
      const auto stay_dead = [&](const Operation&) {
        if (dead) throw Crash();
      };
      attempt.bench.hooks.before = [&](const Operation& operation) {
        stay_dead(operation);
        if (!after) die(operation);
      };
      attempt.bench.hooks.after = [&](const Operation& operation) {
        if (after) die(operation);
      };
      try {
        attempt.bench.back_up(new_blobs);
      } catch (const Crash&) {
      }
      for (const auto& stores : {std::vector<std::string>{"a"}, {"b"}, {"a", "b"}})
        expect_whole_or_none(attempt.bench, stores);
      expect_next_run_resumes(attempt.bench);
    }
  }
}

/// Put n is carried out, and then no answer comes: it must not cost anything.
TEST_F(CrashTest, APutWithoutAnswerCostsNothing) {
  const auto is_put = [](const Operation& operation) { return operation.verb == "put"; };
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("no answer to put " + std::to_string(n));
    Attempt attempt;
    prepare(attempt);
    attempt.bench.hooks.after = at_number(
        attempt, n, [](const Operation&) { throw Error(ErrorKind::timeout, "the answer got lost"); }, is_put);
    const auto ran = attempt.bench.back_up(new_blobs);
    EXPECT_EQ(ran.committed.stores.size(), 2U);
    EXPECT_EQ(attempt.bench.monitor.warnings(), std::vector<std::string>{});
    for (const auto* store : {"a", "b"}) EXPECT_EQ(attempt.bench.read_all({store}), (Backups{old_blobs, new_blobs}));
    if (attempt.operations < n) break;  // there was no such put any more
  }
}

/// Put n is carried out, and no answer comes to it nor to any later request to that store.
TEST_F(CrashTest, AStoreThatGoesAwayAfterAPutIsLeftOut) {
  const auto most = operations_of_a_backup();
  for (std::size_t n = 1; n <= most; ++n) {
    SCOPED_TRACE("store b is gone after operation " + std::to_string(n));
    Attempt attempt;
    prepare(attempt);
    std::atomic<bool> gone = false;
    attempt.bench.hooks.before = [&](const Operation& operation) {
      if (gone && operation.store == "b") throw Error(ErrorKind::unreachable, "store b is down");
    };
    attempt.bench.hooks.after = at_number(attempt, n, [&](const Operation& operation) {
      gone = true;
      if (operation.store == "b") throw Error(ErrorKind::timeout, "the answer got lost");
    });
    const auto ran = attempt.bench.back_up(new_blobs);
    EXPECT_EQ(ran.committed.stores.front(), "a");
    EXPECT_EQ(attempt.bench.read_all({"a"}), (Backups{old_blobs, new_blobs}));
    expect_whole_or_none(attempt.bench, {"b"});
    attempt.bench.hooks = {};
    attempt.bench.clock.advance(61min);
    EXPECT_EQ(attempt.bench.back_up(new_blobs).committed.stores.size(), 2U);
    EXPECT_EQ(attempt.bench.read_all({"b"}).back(), new_blobs);
  }
}

/// A request that fails once, of whatever kind, in one store, costs at most that store.
TEST_F(CrashTest, AnErrorOfOneStoreCostsAtMostThatStore) {
  const auto most = operations_of_a_backup();
  for (std::size_t n = 1; n <= most; ++n) {
    SCOPED_TRACE("error at operation " + std::to_string(n));
    Attempt attempt;
    prepare(attempt);
    attempt.bench.hooks.before =
        at_number(attempt, n, [](const Operation&) { throw Error(ErrorKind::denied, "not this time"); });
    const auto ran = attempt.bench.back_up(new_blobs);
    EXPECT_GE(ran.committed.stores.size(), 1U);
    for (const auto& store : ran.committed.stores)
      EXPECT_EQ(attempt.bench.read_all({store}), (Backups{old_blobs, new_blobs}));
    for (const auto* store : {"a", "b"}) expect_whole_or_none(attempt.bench, {store});
  }
}

}  // namespace
}  // namespace owl::repository
