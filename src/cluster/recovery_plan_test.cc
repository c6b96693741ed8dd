#include "cluster/recovery_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/recovery_bench.h"

namespace owl::cluster {
namespace {

using namespace test;
using storage::error_of;
using testing::HasSubstr;
using testing::StartsWith;
using Kind = RestoreTarget::Kind;

/// A backup at noon, then a commit each minute; segments 3 to 5.
class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    bench_.begin_backup(at(0));
    during_backup_ = bench_.script.commit(600, at(0, 10));
    bench_.end_backup(at(0, 30));
  }
  void add_segment_of_commits(int first_minute) {
    for (int i = 0; i < 3; ++i)
      commits_.push_back(
          bench_.script.commit(static_cast<postgres::TransactionId>(700 + first_minute + i), at(first_minute + i)));
    bench_.script.add_switch();
  }
  Error refusal(const RestoreTarget& target) {
    const auto error = error_of([&] { bench_.plan(target); });
    EXPECT_EQ(error.kind(), ErrorKind::refused) << error.what();
    EXPECT_THAT(error.hint(), HasSubstr("Nothing was changed.")) << error.message();
    return error;
  }
  std::vector<std::uint64_t> numbers(const RecoveryPlan& plan) {
    std::vector<std::uint64_t> out;
    for (const auto& segment : plan.segments) out.push_back(segment.number);
    return out;
  }

  RecoveryBench bench_;
  postgres::Lsn during_backup_;
  std::vector<postgres::Lsn> commits_;
};

TEST_F(PlanTest, LatestReplaysAllThatIsArchived) {
  add_segment_of_commits(1);
  add_segment_of_commits(4);
  bench_.archive();
  const auto plan = bench_.plan({});
  EXPECT_THAT(numbers(plan), testing::ElementsAre(3, 4));
  EXPECT_FALSE(plan.stop_lsn);
  EXPECT_THAT(bench_.monitor.notes(),
              testing::ElementsAre("restoring to the end of the archived WAL from the backup of "
                                   "2026-11-18T12:00:30Z with 2 WAL segments on timeline 1"));
}

TEST_F(PlanTest, ATimeBetweenTwoCommitsStopsAtTheSecond) {
  add_segment_of_commits(1);
  add_segment_of_commits(4);
  bench_.archive();
  const auto plan = bench_.plan(to_time(at(2, 30)));
  EXPECT_EQ(plan.stop_lsn, commits_[2]);
  EXPECT_EQ(plan.stop_time, at(3));
  EXPECT_THAT(numbers(plan), testing::ElementsAre(3)) << "what comes after is not replayed";
}

TEST_F(PlanTest, WhatWasStreamedOfTheOpenSegmentIsItsLast) {
  add_segment_of_commits(1);
  add_segment_of_commits(4);
  bench_.archive({4});
  bench_.stream(1, commits_[5]);  // in the midst of the last commit's page, before its record
  const auto plan = bench_.plan({});
  EXPECT_THAT(numbers(plan), testing::ElementsAre(3, 4));
  EXPECT_EQ(bench_.plan(to_time(at(4, 30))).stop_lsn, commits_[4]);
  EXPECT_THAT(refusal(to_time(at(5, 30))).message(), HasSubstr("the last transaction in the archive ended at"));
}

TEST_F(PlanTest, AStreamedSegmentIsNoStopgapBeforeALaterOne) {
  add_segment_of_commits(1);
  add_segment_of_commits(4);
  add_segment_of_commits(7);
  bench_.archive({4});
  bench_.stream(1, commits_[5]);
  EXPECT_THAT(refusal({}).message(), HasSubstr("WAL segment 000000010000000000000004 is missing"));
}

TEST_F(PlanTest, AllOfASegmentInPiecesIsTheSegment) {
  add_segment_of_commits(1);
  add_segment_of_commits(4);
  add_segment_of_commits(7);
  add_segment_of_commits(10);
  bench_.archive({4, 6});
  bench_.stream(1, postgres::start_of({1, 5}, segment_size));
  bench_.stream(3, commits_[10]);
  EXPECT_THAT(numbers(bench_.plan({})), testing::ElementsAre(3, 4, 5, 6));
  EXPECT_EQ(bench_.plan(to_time(at(9, 30))).stop_lsn, commits_[9]);
}

TEST_F(PlanTest, ABackupIsNotConsistentByWhatWasStreamedBeforeItsStop) {
  add_segment_of_commits(1);
  bench_.archive({3});
  bench_.stream(0, during_backup_);
  EXPECT_THAT(refusal({}).message(), HasSubstr("lacks WAL segment 000000010000000000000003"));
  bench_.stream(0, bench_.backup().details.stop);
  EXPECT_THAT(numbers(bench_.plan({})), testing::ElementsAre(3));
}

TEST_F(PlanTest, AtACommitsOwnTimeItIsInOrOut) {
  add_segment_of_commits(1);
  bench_.archive();
  EXPECT_EQ(bench_.plan(to_time(at(2))).stop_lsn, commits_[2]) << "inclusive: that commit is replayed";
  EXPECT_EQ(bench_.plan(exclusively(to_time(at(2)))).stop_lsn, commits_[1]) << "exclusive: it is not";
}

/// Recovery stops at the first later time in WAL order, not at the smallest later time.
TEST_F(PlanTest, AClockThatStepsBackChangesNoOrder) {
  bench_.script.commit(700, at(1));
  const auto ahead = bench_.script.commit(701, at(10));
  bench_.script.add_switch();
  bench_.script.commit(702, at(0, 50));  // ten minutes back
  bench_.script.commit(703, at(3));
  bench_.script.add_switch();
  const auto last = bench_.script.commit(704, at(11));
  bench_.archive();
  for (const auto target : {at(1), at(2), at(5), at(9, 59)}) {
    const auto plan = bench_.plan(to_time(target));
    EXPECT_EQ(plan.stop_lsn, ahead);
    EXPECT_EQ(plan.stop_time, at(10));
  }
  EXPECT_EQ(bench_.plan(to_time(at(10))).stop_lsn, last);
}

TEST_F(PlanTest, LaterThanEverythingIsRefusedWithTheLastTime) {
  add_segment_of_commits(1);
  bench_.archive();
  const auto error = refusal(to_time(at(30)));
  EXPECT_EQ(error.message(),
            "can't restore to up to and including 2026-11-18 12:30:00+00: the last transaction in the archive ended "
            "at 2026-11-18 12:03:00+00: nothing later can be told from it");
  EXPECT_EQ(error.hint(),
            "Moments that can be reached: 2026-11-18 12:00:10+00 to 2026-11-18 12:02:59.999999+00; without a target, "
            "all that is archived. Nothing was changed.");
}

TEST_F(PlanTest, BeforeTheBackupBeganIsRefused) {
  add_segment_of_commits(1);
  bench_.archive();
  EXPECT_THAT(refusal(to_time(at(-1))).message(),
              HasSubstr("the backup of 2026-11-18T12:00:30Z was begun at 2026-11-18 12:00:00+00, after that moment"));
}

TEST_F(PlanTest, AMomentWithinTheBackupIsRefused) {
  add_segment_of_commits(1);
  bench_.archive();
  for (const auto& target : {to_time(at(0, 5)), to_xid(600), to_lsn(during_backup_)}) {
    EXPECT_THAT(refusal(target).message(),
                HasSubstr("the backup of 2026-11-18T12:00:30Z was consistent only after that moment"));
  }
}

TEST_F(PlanTest, TheNewestBackupThatFitsIsTaken) {
  add_segment_of_commits(1);
  bench_.begin_backup(at(5));
  bench_.end_backup(at(6));
  add_segment_of_commits(7);
  bench_.archive();
  EXPECT_EQ(bench_.plan(to_time(at(8, 30))).base.loaded.manifest.finished, at(6));
  EXPECT_EQ(bench_.plan(to_time(at(2, 30))).base.loaded.manifest.finished, at(0, 30));
  std::ranges::reverse(bench_.backups);
  EXPECT_EQ(bench_.plan({}).base.loaded.manifest.finished, at(6)) << "in whatever order they are given";
}

TEST_F(PlanTest, TransactionsAreFoundInCommitOrder) {
  const auto younger = bench_.script.commit(900, at(1));
  const auto older = bench_.script.commit(800, at(2));
  bench_.script.add_switch();
  const auto rolled_back = bench_.script.abort(850, at(3));
  bench_.archive();
  EXPECT_EQ(bench_.plan(to_xid(900)).stop_lsn, younger);
  EXPECT_EQ(bench_.plan(to_xid(800)).stop_lsn, older);
  EXPECT_EQ(bench_.plan(to_xid(850)).stop_lsn, rolled_back);
  EXPECT_THAT(
      refusal(to_xid(851)).message(),
      HasSubstr(
          "up to and including transaction 851 is not in the WAL archived since the backup of 2026-11-18T12:00:30Z"));
}

TEST_F(PlanTest, TheFirstRestorePointOfANameIsMeant) {
  bench_.script.restore_point("other", at(1));
  const auto first = bench_.script.restore_point("before the upgrade", at(2));
  bench_.script.add_switch();
  bench_.script.restore_point("before the upgrade", at(3));
  bench_.archive();
  const auto plan = bench_.plan(to_name("before the upgrade"));
  EXPECT_EQ(plan.stop_lsn, first);
  EXPECT_EQ(plan.stop_time, at(2));
  EXPECT_THAT(refusal(to_name("before")).message(),
              HasSubstr("restore point \"before\" is not in the WAL archived since"));
}

TEST_F(PlanTest, ALsnStopsAtTheFirstRecordThatBeginsThere) {
  add_segment_of_commits(1);
  bench_.archive();
  EXPECT_EQ(bench_.plan(to_lsn(commits_[1])).stop_lsn, commits_[1]);
  EXPECT_EQ(bench_.plan(to_lsn(commits_[1] + 1)).stop_lsn, commits_[2]) << "in the middle of a record: the next one";
  EXPECT_THAT(refusal(to_lsn({0x900000})).message(), HasSubstr("up to and including LSN 0/900000 is not in the WAL"));
}

TEST_F(PlanTest, AGapIsPassedNeitherToATimeNorToTheEnd) {
  add_segment_of_commits(1);
  add_segment_of_commits(4);
  add_segment_of_commits(7);
  bench_.archive({4});
  const auto gap = "WAL segment 000000010000000000000004 is missing, though later ones are there";
  EXPECT_THAT(refusal(to_time(at(8))).message(), HasSubstr(gap));
  EXPECT_THAT(refusal(to_xid(708)).message(), HasSubstr(gap));
  EXPECT_THAT(refusal({}).message(), HasSubstr(gap));
  EXPECT_EQ(bench_.plan(to_time(at(1, 30))).stop_lsn, commits_[1]) << "before it all is well";
}

TEST_F(PlanTest, TheEndOfTheArchiveIsNoGap) {
  add_segment_of_commits(1);
  add_segment_of_commits(4);
  bench_.archive({4});
  EXPECT_THAT(numbers(bench_.plan({})), testing::ElementsAre(3));
}

TEST_F(PlanTest, ABackupWithoutItsOwnWalIsPassedOver) {
  bench_.begin_backup(at(1));
  bench_.script.add_switch();
  bench_.end_backup(at(2));
  add_segment_of_commits(3);
  bench_.archive({4});
  EXPECT_EQ(bench_.plan({.kind = Kind::immediate}).base.loaded.manifest.finished, at(0, 30));
  bench_.backups.erase(bench_.backups.begin());
  const auto error = refusal({.kind = Kind::immediate});
  EXPECT_THAT(error.message(),
              HasSubstr("the backup of 2026-11-18T12:02:00Z lacks WAL segment 000000010000000000000004, without "
                        "which it is not consistent"));
  EXPECT_EQ(error.hint(), "No backup has the WAL that it needs. Nothing was changed.");
}

TEST_F(PlanTest, ImmediateReplaysTheBackupsOwnWalAlone) {
  add_segment_of_commits(1);
  add_segment_of_commits(4);
  bench_.archive();
  const auto plan = bench_.plan({.kind = Kind::immediate});
  EXPECT_THAT(numbers(plan), testing::ElementsAre(3));
  EXPECT_FALSE(plan.stop_lsn);
}

TEST_F(PlanTest, WithoutABackupThereIsNothingToPlan) {
  bench_.backups.clear();
  const auto error = refusal({});
  EXPECT_EQ(error.message(), "can't restore to the end of the archived WAL: there is no backup");
  EXPECT_EQ(error.hint(), "Make one with `owlbackup backup cluster`. Nothing was changed.");
}

TEST_F(PlanTest, AStretchOfMinimalWalIsABarrier) {
  const auto before = bench_.script.commit(700, at(1));
  bench_.script.commit(701, at(2));
  const auto barrier = bench_.script.parameter_change(0);
  bench_.script.parameter_change(1);
  bench_.script.commit(702, at(3));
  bench_.archive();
  const auto text = "the server ran with wal_level = minimal from LSN " + postgres::to_text(barrier) +
                    " on: recovery from the backup of 2026-11-18T12:00:30Z can't pass that point";
  EXPECT_EQ(refusal(to_xid(702)).message(), text);
  EXPECT_EQ(refusal({}).message(), text);
  EXPECT_EQ(bench_.plan(to_xid(700)).stop_lsn, before) << "before it all is well";
}

TEST_F(PlanTest, ParametersThatDoNoHarmAreKept) {
  bench_.script.parameter_change(2);
  bench_.archive();
  const auto plan = bench_.plan({});
  ASSERT_EQ(plan.parameter_changes.size(), 1u);
  EXPECT_EQ(plan.parameter_changes[0].max_connections, 100);
}

TEST_F(PlanTest, TablespacesCreatedUpToTheTargetAreNamed) {
  bench_.script.tablespace_create(16390, "/srv/fast");
  bench_.script.commit(700, at(1));
  bench_.script.tablespace_create(16391, "/srv/slow");
  bench_.script.commit(701, at(2));
  bench_.archive();
  const auto early = bench_.plan(to_xid(700)), late = bench_.plan(to_xid(701));
  ASSERT_EQ(early.tablespaces_created.size(), 1u);
  EXPECT_EQ(early.tablespaces_created[0].path, "/srv/fast");
  EXPECT_EQ(late.tablespaces_created.size(), 2u);
}

/// A record that begins in one segment and ends in the next stands in neither one's notes.
TEST_F(PlanTest, RecordsAcrossABorderAreFound) {
  bench_.script.fill_segment_until(32);
  const auto across = bench_.script.commit(700, at(1));
  ASSERT_EQ(across.value / segment_size, 3u);
  bench_.script.fill_segment_until(32);
  const auto point = bench_.script.restore_point("across", at(2));
  ASSERT_EQ(point.value / segment_size, 4u);
  bench_.script.fill_segment_until(32);
  const auto created = bench_.script.tablespace_create(16390, "/srv/fast");
  ASSERT_EQ(created.value / segment_size, 5u);
  bench_.script.commit(701, at(3));
  bench_.script.fill_segment_until(32);
  bench_.script.commit(702, at(4));
  bench_.archive();
  EXPECT_EQ(bench_.plan(to_xid(700)).stop_lsn, across);
  EXPECT_EQ(bench_.plan(to_time(at(0, 40))).stop_lsn, across);
  EXPECT_EQ(bench_.plan(to_time(at(1))).stop_time, at(3));
  EXPECT_EQ(bench_.plan(to_name("across")).stop_lsn, point);
  EXPECT_EQ(bench_.plan(to_lsn(across + 8)).stop_lsn->value / segment_size, 4u);
  const auto plan = bench_.plan(to_time(at(3)));
  EXPECT_EQ(plan.stop_time, at(4));
  ASSERT_EQ(plan.tablespaces_created.size(), 1u);
  EXPECT_EQ(plan.tablespaces_created[0].lsn, created);
}

TEST_F(PlanTest, ARecordThatTheArchiveCutsOffIsNoTarget) {
  bench_.script.fill_segment_until(32);
  bench_.script.commit(700, at(1));
  bench_.archive({4});
  refusal(to_xid(700));
}

/// Timeline 2 leaves timeline 1 in segment 5; what timeline 1 wrote after that is lost history.
class ForkTest : public PlanTest {
 protected:
  ForkTest() {
    add_segment_of_commits(1);
    add_segment_of_commits(4);
    bench_.script.commit(710, at(10));
    fork_ = bench_.script.position();
    bench_.script.set_timeline(2);
    after_fork_ = bench_.script.commit(711, at(11));
    bench_.script.add_switch();
  }

  postgres::Lsn fork_, after_fork_;
};

TEST_F(ForkTest, TheNewestTimelineIsFollowed) {
  bench_.archive({}, 5);
  bench_.archive_history(fork_);
  const auto plan = bench_.plan({});
  EXPECT_EQ(plan.path.target(), 2u);
  EXPECT_THAT(plan.segments,
              testing::ElementsAre(postgres::SegmentId{1, 3}, postgres::SegmentId{1, 4}, postgres::SegmentId{2, 5}));
  EXPECT_EQ(bench_.plan(to_xid(711)).stop_lsn, after_fork_);
}

TEST_F(ForkTest, AnOlderTimelineIsFollowedWhenAsked) {
  bench_.archive({}, 5);
  bench_.archive_history(fork_);
  const auto plan = bench_.plan({.timeline = 1});
  EXPECT_EQ(plan.path.target(), 1u);
  EXPECT_THAT(numbers(plan), testing::ElementsAre(3, 4));
}

/// PostgreSQL would fall back to the parent's segment and run on into the other history.
TEST_F(ForkTest, TheChildsMissingFirstSegmentIsAGap) {
  bench_.script.commit(712, at(12));
  bench_.archive({5}, 5);
  bench_.archived.put_segment(*bench_.archived.a, {1, 5}, bench_.script.segments()[2]);
  bench_.archive_history(fork_);
  EXPECT_THAT(refusal(to_xid(712)).message(),
              HasSubstr("WAL segment 000000020000000000000005 is missing, though later ones are there"));
}

TEST_F(ForkTest, WithoutItsHistoryFileATimelineIsNotFollowed) {
  bench_.archive({}, 5);
  EXPECT_EQ(bench_.plan({}).path.target(), 1u);
  EXPECT_THAT(refusal({.timeline = 2}).message(), HasSubstr("the history file of timeline 2 is missing"));
}

TEST_F(ForkTest, ABackupBehindTheForkDoesNotLeadToTheChild) {
  bench_.archive({}, 5);
  bench_.archive_history({4 * std::uint64_t{segment_size}});
  bench_.backup().details.stop = {4 * std::uint64_t{segment_size} + 8192};
  EXPECT_THAT(refusal({.timeline = 2}).message(),
              HasSubstr("the backup of 2026-11-18T12:00:30Z (timeline 1) does not lead to timeline 2"));
  EXPECT_EQ(bench_.plan({}).path.target(), 1u);
}

}  // namespace
}  // namespace owl::cluster
