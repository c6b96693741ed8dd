#include "wal/fetcher.h"

#include <gtest/gtest.h>

#include "wal/test_support.h"

namespace owl::wal {
namespace {

using storage::error_of;
using test::key_of;
using test::segment_name;
using test::segment_size;

/// Timeline 2 left timeline 1 in the middle of segment 5.
class FetcherTest : public testing::Test {
 protected:
  void put(storage::MemoryStore& store, const std::string& file, std::uint8_t fill, unsigned copy = 0) {
    bench_.put(store, file, Bytes(segment_size, fill), {}, copy);
  }
  std::optional<Bytes> fetch(const std::string& file) {
    return bench_.fetcher(postgres::TimelinePath(2, {{1, fork_, ""}})).fetch(file);
  }
  /// Every call to that store fails, as when nobody listens there.
  void kill(const std::string& store) {
    bench_.hooks.before = [store](const repository::test::Operation& operation) {
      if (operation.store == store) throw Error(ErrorKind::unreachable, "connection refused");
    };
  }

  static constexpr postgres::Lsn fork_{5 * std::uint64_t{segment_size} + 4096};
  test::ArchiveBench bench_;
  storage::MemoryStore &a_ = *bench_.a, &b_ = *bench_.b;
};

TEST_F(FetcherTest, ServesTheParentUpToTheForkOnly) {
  put(a_, segment_name(1, 4), 4);
  put(a_, segment_name(1, 6), 6);
  EXPECT_TRUE(fetch(segment_name(1, 4)));
  EXPECT_FALSE(fetch(segment_name(1, 6))) << "a segment of the parent behind the fork is another history";
}

TEST_F(FetcherTest, TheForksSegmentComesFromTheChildAlone) {
  put(a_, segment_name(1, 5), 15);
  put(b_, segment_name(2, 5), 25);
  EXPECT_FALSE(fetch(segment_name(1, 5)));
  EXPECT_EQ(fetch(segment_name(2, 5))->front(), 25);
}

TEST_F(FetcherTest, WithoutTheChildTheParentIsCutAtTheFork) {
  put(a_, segment_name(1, 5), 15);
  const auto bytes = fetch(segment_name(1, 5));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), segment_size);
  EXPECT_EQ((*bytes)[4095], 15);
  EXPECT_TRUE(all_zero(ByteView(*bytes).subspan(4096)));
}

TEST_F(FetcherTest, WhetherTheChildIsThereMustBeKnown) {
  put(a_, segment_name(1, 5), 15);
  kill("b");
  EXPECT_EQ(error_of([&] { fetch(segment_name(1, 5)); }).kind(), ErrorKind::unreachable)
      << "the child's segment may be in the store that does not answer";
}

TEST_F(FetcherTest, AForkAtABorderLeavesTheParentsLastSegmentWhole) {
  put(a_, segment_name(1, 4), 4);
  put(a_, segment_name(1, 5), 5);
  auto fetcher = bench_.fetcher(postgres::TimelinePath(2, {{1, {5 * std::uint64_t{segment_size}}, ""}}));
  EXPECT_EQ(fetcher.fetch(segment_name(1, 4))->back(), 4);
  EXPECT_FALSE(fetcher.fetch(segment_name(1, 5)));
}

TEST_F(FetcherTest, TellsATimelinesHistoryWithoutThePrivateKey) {
  bench_.put_history(b_, 2, "1\t0/500\tfork\n");
  Fetcher keyless(bench_.stores, bench_.keys, {}, {test::system_id, std::nullopt, 0});
  const auto history = keyless.history(2);
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].switch_point, postgres::Lsn{0x500});
  EXPECT_EQ(bench_.fetcher().history(2).size(), 1u);
  EXPECT_EQ(error_of([&] { keyless.history(3); }).kind(), ErrorKind::not_found);
}

TEST_F(FetcherTest, OtherTimelinesAreAbsent) {
  put(a_, segment_name(3, 5), 35);
  EXPECT_FALSE(fetch(segment_name(3, 5)));
}

TEST_F(FetcherTest, ADamagedObjectIsReadFromTheNextStore) {
  put(a_, segment_name(2, 6), 26);
  put(b_, segment_name(2, 6), 26);
  bench_.flip_a_bit(a_, segment_name(2, 6));
  EXPECT_EQ(fetch(segment_name(2, 6))->front(), 26);
}

TEST_F(FetcherTest, ACopyBesideADamagedObjectIsTaken) {
  put(a_, segment_name(2, 6), 26);
  put(a_, segment_name(2, 6), 26, 1);
  a_.overwrite(key_of(segment_name(2, 6)), Bytes{1, 2, 3});
  EXPECT_EQ(fetch(segment_name(2, 6))->front(), 26);
}

TEST_F(FetcherTest, DamageEverywhereIsAnErrorAndNeverAbsence) {
  put(a_, segment_name(2, 6), 26);
  a_.overwrite(key_of(segment_name(2, 6)), Bytes{1, 2, 3});
  const auto error = error_of([&] { fetch(segment_name(2, 6)); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_STREQ(error.what(),
               ("store a: the WAL object " + key_of(segment_name(2, 6)) + " is damaged: it is cut short").c_str());
}

/// An object that was put under another file's name, with keys that fit: authentic, and not what was asked for.
TEST_F(FetcherTest, AnAuthenticObjectOfAnotherFileIsRefused) {
  put(a_, segment_name(2, 6), 26);
  a_.overwrite(key_of(segment_name(2, 7)), *a_.get(key_of(segment_name(2, 6)), {}));
  EXPECT_EQ(error_of([&] { fetch(segment_name(2, 7)); }).kind(), ErrorKind::integrity);
}

TEST_F(FetcherTest, ADeadStoreIsNoProofOfAbsence) {
  put(a_, segment_name(2, 6), 26);
  for (const auto* dead : {"a", "b"}) {
    kill(dead);
    EXPECT_EQ(error_of([&] { fetch(segment_name(2, 7)); }).kind(), ErrorKind::unreachable) << dead;
  }
  EXPECT_TRUE(fetch(segment_name(2, 6))) << "what the living store has is served";
}

TEST_F(FetcherTest, AStoreThatDroppedOutIsNoProofOfAbsence) {
  bench_.stores.drop("b", Error(ErrorKind::unreachable, "gone"));
  put(a_, segment_name(2, 6), 26);
  EXPECT_TRUE(fetch(segment_name(2, 6)));
  const auto error = error_of([&] { fetch(segment_name(2, 7)); });
  EXPECT_EQ(error.kind(), ErrorKind::unreachable);
  EXPECT_EQ(error.message(), segment_name(2, 7) + " is in no store that answers, and b does not answer");
  EXPECT_EQ(error_of([&] { bench_.fetcher().info(segment_name(2, 7)); }).message(), error.message());
}

TEST_F(FetcherTest, RefusesNamesThatAreNotPostgres) {
  for (const auto* name : {"", "../../etc/passwd", "00000002.backup", "000000020000000000000006.gz", "RECOVERYXLOG"}) {
    EXPECT_EQ(error_of([&] { fetch(name); }).kind(), ErrorKind::integrity) << name;
  }
}

TEST_F(FetcherTest, HistoriesAreReadOrMissed) {
  EXPECT_TRUE(bench_.fetcher().history(1).empty()) << "the first timeline has none";
  const auto error = error_of([&] { bench_.fetcher().history(2); });
  EXPECT_EQ(error.kind(), ErrorKind::not_found);
  EXPECT_STREQ(error.what(), "the history file 00000002.history is not in the archive");
  bench_.put_history(b_, 2, "1\t0/501000\tno recovery target specified\n");
  const auto history = bench_.fetcher().history(2);
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].switch_point, fork_);
}

TEST_F(FetcherTest, InfoIsReadWithoutThePayload) {
  put(b_, segment_name(2, 6), 26);
  bool whole = false;
  bench_.hooks.before = [&](const repository::test::Operation& operation) { whole = whole || operation.verb == "get"; };
  const auto info = bench_.fetcher().info(segment_name(2, 6));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->file_name, segment_name(2, 6));
  EXPECT_FALSE(whole);
  EXPECT_FALSE(bench_.fetcher().info(segment_name(2, 7)));
}

/// A cluster that makes thousands of restore points in one segment: its info is longer than the first reading.
TEST_F(FetcherTest, ALongInfoIsReadWhole) {
  WalInfo::Segment segment;
  segment.segment_size = segment_size;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    segment.restore_points.push_back({{i}, {i + 1}, {1}, std::to_string(i * 7919) + " is a name that no other has"});
  }
  bench_.put(a_, segment_name(2, 6), Bytes(segment_size, 1), segment);
  const auto info = bench_.fetcher().info(segment_name(2, 6));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->segment.restore_points.size(), 2000u);
}

}  // namespace
}  // namespace owl::wal
