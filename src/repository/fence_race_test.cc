#include <algorithm>

#include "repository/test_support.h"

/// A run against those who think it is dead: at each of its steps it is fenced, or swept away under.
namespace owl::repository {
namespace {

using namespace std::chrono_literals;
using test::Bench;
using test::Operation;
using test::some_blobs;

using Backups = std::vector<std::vector<Bytes>>;

class FenceRaceTest : public testing::Test {
 protected:
  /// Calls `strike` before (or after) operation n of a backup; false: the backup has no so many operations.
  bool back_up_against(Bench& bench, std::size_t n, bool after, const std::function<void()>& strike) {
    std::mutex mutex;
    std::size_t operations = 0;
    const auto hook = [&](const Operation&) {
      {
        const std::lock_guard lock(mutex);
        if (++operations != n) return;
      }
      strike();
    };
    (after ? bench.hooks.after : bench.hooks.before) = hook;
    committed.reset();
    error.reset();
    try {
      committed = bench.back_up(blobs).committed;
    } catch (const Error& thrown) {
      error = thrown;
    }
    bench.hooks = {};
    return operations >= n;
  }

  /// Fences every lease that has not ended; the outcome of the last.
  static std::optional<bool> fence_all(Bench& bench, const std::string& name) {
    auto member = bench.raw_member(name);
    std::vector<std::string> damaged;
    std::optional<bool> fenced;
    for (const auto& lease : list_leases(member, bench.keys, damaged)) {
      if (lease.ended) continue;
      fenced = fence(member, bench.keys, lease, "a test thinks that it is dead", bench.clock, bench.random);
    }
    return fenced;
  }

  const std::vector<Bytes> old_blobs = some_blobs(3, 3000, 1);
  const std::vector<Bytes> blobs = some_blobs(5, 3000, 2);
  std::optional<BackupSession::Committed> committed;
  std::optional<Error> error;
};

TEST_F(FenceRaceTest, EitherTheRunCommitsOrTheFenceHolds) {
  int commits = 0, fences = 0;
  for (const bool after : {false, true}) {
    for (std::size_t n = 1;; ++n) {
      SCOPED_TRACE((after ? "fenced after operation " : "fenced before operation ") + std::to_string(n));
      Bench bench({"a"});
      std::optional<bool> fenced;
      if (!back_up_against(bench, n, after, [&] { fenced = fence_all(bench, "a"); })) break;
      ASSERT_NE(committed.has_value(), error.has_value());
      if (fenced == true) {
        ASSERT_TRUE(error);
        EXPECT_EQ(error->kind(), ErrorKind::conflict) << error->what();
        EXPECT_THAT(error->what(), testing::HasSubstr("this backup's attempt was fenced by"));
        EXPECT_EQ(bench.read_all(), Backups{});
        EXPECT_EQ(bench.back_up(blobs).stored_blobs, 0U) << "the next attempt uses what the first one stored";
        ++fences;
      } else {
        EXPECT_TRUE(committed);
        ++commits;
      }
      EXPECT_EQ(bench.read_all(), Backups{blobs});
    }
  }
  EXPECT_GT(commits, 2);
  EXPECT_GT(fences, 20);
}

TEST_F(FenceRaceTest, FencedInOneStoreItCommitsInTheOther) {
  for (std::size_t n = 1;; ++n) {
    SCOPED_TRACE("fenced before operation " + std::to_string(n));
    Bench bench;
    std::optional<bool> fenced;
    if (!back_up_against(bench, n, false, [&] { fenced = fence_all(bench, "a"); })) break;
    ASSERT_TRUE(committed);
    EXPECT_EQ(committed->stores.size(), fenced == true ? 1U : 2U);
    EXPECT_EQ(bench.read_all({"b"}), Backups{blobs});
    EXPECT_EQ(bench.read_all({"a"}), fenced == true ? Backups{} : Backups{blobs});
    EXPECT_EQ(bench.read_all({"a", "b"}), Backups{blobs});
  }
}

/// A whole sweep at each step, with packs of a dead run to reach for: a listed backup is whole, always.
TEST_F(FenceRaceTest, ASweepAtAnyMomentTakesNothingThatABackupNeeds) {
  for (const bool after : {false, true}) {
    for (std::size_t n = 1;; ++n) {
      SCOPED_TRACE((after ? "swept after operation " : "swept before operation ") + std::to_string(n));
      Bench bench({"a"});
      bench.back_up(old_blobs);
      bench.clock.advance(1min);
      bench.before_commit = [](BackupSession&) { throw Error(ErrorKind::process, "died"); };
      EXPECT_THROW(bench.back_up(blobs), Error);  // leaves orphans
      bench.before_commit = {};
      bench.clock.advance(1min);
      const bool struck = back_up_against(bench, n, after, [&] { test::sweep(bench, "a"); });
      if (committed) {
        EXPECT_EQ(bench.read_all(), (Backups{old_blobs, blobs}));
      } else {
        EXPECT_TRUE(error->kind() == ErrorKind::conflict || error->kind() == ErrorKind::integrity) << error->what();
        EXPECT_EQ(bench.read_all(), Backups{old_blobs});
      }
      bench.clock.advance(1min);
      bench.back_up(blobs);
      test::sweep(bench, "a");
      EXPECT_EQ(bench.read_all().back(), blobs);
      if (!struck) break;
    }
  }
}

}  // namespace
}  // namespace owl::repository
