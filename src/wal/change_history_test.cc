#include "wal/change_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/file.h"
#include "os/test_support.h"
#include "postgres/wal_page.h"
#include "postgres/wal_sample_records.h"
#include "postgres/wal_script.h"
#include "wal/test_support.h"
#include "wal/wal_map_test_support.h"

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::WalScript;
using testing::HasSubstr;

/// A server's pg_wal and an archive, between which the segments of one story are shared out.
class ChangeHistory : public testing::Test {
 protected:
  /// Some segments of changes, one block after the other.
  static WalScript story(std::uint32_t relation, std::size_t segments = 4) {
    WalScript script;
    for (std::uint32_t block = 0; script.segments().size() < segments; ++block) change(script, relation, block);
    return script;
  }
  static Lsn change(WalScript& script, std::uint32_t relation, std::uint32_t block) {
    return script.add(postgres::sample::heap_insert({1663, 5, relation}, block, 15, 1500));
  }

  std::uint64_t first() const { return WalScript::Options{}.first_segment; }
  std::filesystem::path wal_file(std::uint64_t number, postgres::TimelineId timeline = 1) const {
    return folder / "pg_wal" / test::segment_name(timeline, number);
  }
  void in_pg_wal(WalScript& script, std::size_t index, bool ready = false) {
    const auto number = first() + index;
    os::make_folders(folder / "pg_wal/archive_status");
    os::replace_file(wal_file(number), script.segments()[index]);
    if (ready) os::replace_file(folder / "pg_wal/archive_status" / (test::segment_name(1, number) + ".ready"), Bytes());
  }
  void archive(WalScript& script, std::size_t index) {
    archived.put(*archived.a, test::segment_name(1, first() + index), script.segments()[index],
                 DescribedWal(script.segments(), script.id_of(0)).described[index]);
  }

  ChangeUnion read(Lsn from, Lsn to) {
    const ChangeHistoryQuery query{folder.path(), test::system_id, test::segment_size, from, to, from, witness};
    auto fetcher = archived.fetcher();
    return read_change_history(query, path, fetcher, {});
  }
  /// The record that the segment with `at` ends in.
  static LastRecord last_of(WalScript& script, std::size_t index) {
    const auto described = DescribedWal(script.segments(), script.id_of(0)).described[index];
    return {described.map->last, described.map->last_crc};
  }
  static std::string reason(const ChangeUnion& joined) {
    return joined.complete() ? "complete" : joined.holes.front().reason;
  }

  os::test::TemporaryFolder folder;
  test::ArchiveBench archived;
  postgres::TimelinePath path{1, {}};
  LastRecord witness;
};

/// A story in which the first three segments are whole, and a record begins at `to` in the fourth.
struct Told {
  WalScript script;
  Lsn from, to;
};

class ToldHistory : public ChangeHistory {
 protected:
  ToldHistory() : told{story(16384), {}, {}} {
    told.from = describe(0).map->first;
    told.to = change(told.script, 16384, 99'999);
    witness = last_of(told.script, 0);
  }
  WalInfo::Segment describe(std::size_t index) {
    return DescribedWal(told.script.segments(), told.script.id_of(0)).described[index];
  }
  ChangedBlocks whole_walk() { return WholeWalk(told.script.segments(), told.script.id_of(0)).changes; }
  void expect_all(const ChangeUnion& joined) {
    ASSERT_EQ(reason(joined), "complete");
    const auto all = whole_walk();
    for (const auto& [file, what] : all.relations) {
      for (const auto& run : what.blocks.runs()) {
        for (auto block = run.first; block <= run.last; ++block) {
          EXPECT_TRUE(block == 99'999 || joined.changes.covers(file, block)) << block;
        }
      }
    }
  }
  Told told;
};

TEST_F(ToldHistory, ComesFromTheArchiveAndTheServersLastSegment) {
  for (std::size_t i = 0; i < 3; ++i) archive(told.script, i);
  in_pg_wal(told.script, 2);
  in_pg_wal(told.script, 3);
  expect_all(read(told.from, told.to));
}

TEST_F(ToldHistory, WhatIsNotArchivedYetIsReadWhereItLies) {
  archive(told.script, 0);
  for (std::size_t i = 0; i < 4; ++i) in_pg_wal(told.script, i, i == 1);
  expect_all(read(told.from, told.to));
}

TEST_F(ToldHistory, WithoutOneSegmentThereIsAHole) {
  archive(told.script, 0);
  archive(told.script, 2);
  in_pg_wal(told.script, 3);
  EXPECT_THAT(reason(read(told.from, told.to)), HasSubstr(test::segment_name(1, first() + 1) + " is not archived"));
}

TEST_F(ToldHistory, WithoutTheServersOwnLastSegmentThereIsAHole) {
  for (std::size_t i = 0; i < 4; ++i) archive(told.script, i);
  EXPECT_THAT(reason(read(told.from, told.to)), HasSubstr("can't be read in pg_wal"));
}

TEST_F(ToldHistory, ARecycledFileIsNotTheSegmentThatItsNameSays) {
  for (std::size_t i = 0; i < 4; ++i) archive(told.script, i);
  os::make_folders(folder / "pg_wal");
  os::replace_file(wal_file(first() + 3), told.script.segments()[1]);
  EXPECT_THAT(reason(read(told.from, told.to)), HasSubstr("can't be read in pg_wal"));
}

TEST_F(ToldHistory, ARecordMustBeginExactlyAtTheEnd) {
  for (std::size_t i = 0; i < 3; ++i) archive(told.script, i);
  in_pg_wal(told.script, 3);
  EXPECT_THAT(reason(read(told.from, told.to + 8)), HasSubstr("no record begins at"));
  EXPECT_THAT(reason(read(told.from, told.script.position())), HasSubstr("no record begins at"));
}

TEST_F(ToldHistory, TheEarlierBackupsLastRecordMustBeThere) {
  for (std::size_t i = 0; i < 3; ++i) archive(told.script, i);
  in_pg_wal(told.script, 3);
  ++witness.crc;
  EXPECT_THAT(reason(read(told.from, told.to)), HasSubstr("does not end in the record"));
}

TEST_F(ToldHistory, OfAStoreThatDoesNotAnswerThereIsAHole) {
  for (std::size_t i = 0; i < 3; ++i) archive(told.script, i);
  in_pg_wal(told.script, 3);
  archived.hooks.before = [](const auto&) { throw Error(ErrorKind::unreachable, "no route"); };
  EXPECT_THAT(reason(read(told.from, told.to)), HasSubstr("no route"));
}

TEST_F(ToldHistory, AnObjectWithoutAMapIsAHole) {
  archive(told.script, 0);
  archive(told.script, 2);
  auto described = describe(1);
  described.map.reset();
  archived.put(*archived.a, test::segment_name(1, first() + 1), told.script.segments()[1], described);
  in_pg_wal(told.script, 3);
  EXPECT_THAT(reason(read(told.from, told.to)), HasSubstr("was archived without a map"));
}

/// The server was rolled back into the second segment and wrote another story under the same names, which the archive
/// did not take: it has the first story, to the end and beyond.
class RolledBack : public ToldHistory {
 protected:
  RolledBack() : other(story(16384, 2)) {
    for (std::uint32_t block = 50'000; other.segments().size() < 4; ++block) change(other, 20000, block);
    to = change(other, 20000, 77'777);
    for (std::size_t i = 0; i < 4; ++i) archive(told.script, i);
  }
  WalScript other;
  Lsn to;
};

TEST_F(RolledBack, WhatWaitsToBeArchivedIsTheServersWord) {
  ASSERT_EQ(last_of(other, 0), witness);
  for (std::size_t i = 1; i < 4; ++i) in_pg_wal(other, i, true);
  const auto joined = read(told.from, to);
  ASSERT_EQ(reason(joined), "complete");
  EXPECT_TRUE(joined.changes.covers({1663, 5, 20000}, 50'000));
}

TEST_F(RolledBack, TheArchivesMapsOfTheDeadBranchAreNotTaken) {
  in_pg_wal(other, 2);
  in_pg_wal(other, 3);
  EXPECT_THAT(reason(read(told.from, to)), HasSubstr("holds other WAL in the archive than in pg_wal"));
}

TEST_F(RolledBack, BehindTheEarlierBackupIsSeenByItsLastRecord) {
  WalScript another;
  for (std::uint32_t block = 0; another.segments().size() < 4; ++block) change(another, 30000, block);
  const auto end = change(another, 30000, 1);
  for (std::size_t i = 0; i < 4; ++i) in_pg_wal(another, i, true);
  EXPECT_THAT(reason(read(told.from, end)), HasSubstr("does not end in the record"));
}

/// Timeline 2 left timeline 1 in the second segment, of which both have a file. The archive also has what the old
/// primary wrote behind the fork.
TEST_F(ChangeHistory, GoesTheWayOfTheTimelines) {
  auto old_primary = story(16384, 2);
  auto script = old_primary;
  const Lsn fork = script.position();
  script.set_timeline(2);
  for (std::uint32_t block = 60'000; script.segments().size() < 4; ++block) change(script, 20000, block);
  const Lsn to = change(script, 20000, 1);
  for (std::uint32_t block = 70'000; old_primary.segments().size() < 4; ++block) change(old_primary, 30000, block);
  for (std::size_t i = 0; i < 3; ++i) archive(old_primary, i);
  const DescribedWal child(script.segments(), {2, first()});
  for (std::size_t i = 1; i < 3; ++i) {
    archived.put(*archived.a, test::segment_name(2, first() + i), script.segments()[i], child.described[i]);
  }
  os::make_folders(folder / "pg_wal");
  os::replace_file(wal_file(first() + 3, 2), script.segments()[3]);
  path = postgres::TimelinePath(2, {{1, fork, ""}});
  witness = last_of(old_primary, 0);
  const auto joined = read({first() * test::segment_size + postgres::WalPageHeader::long_size}, to);
  ASSERT_EQ(reason(joined), "complete");
  EXPECT_TRUE(joined.changes.covers({1663, 5, 16384}, 0));
  EXPECT_TRUE(joined.changes.covers({1663, 5, 20000}, 60'000));
  EXPECT_FALSE(joined.changes.covers({1663, 5, 30000}, 70'000));
}

TEST_F(ToldHistory, TheLastRecordOfASegmentIsReadInPgWal) {
  in_pg_wal(told.script, 1);
  const ChangeHistoryQuery query{folder.path(), test::system_id, test::segment_size, {}, {}, {}, {}};
  const Lsn within{(first() + 1) * test::segment_size + 1000};
  EXPECT_EQ(last_local_record(query, 1, within), last_of(told.script, 1));
  EXPECT_EQ(last_local_record(query, 1, within + test::segment_size), std::nullopt);
}

}  // namespace
}  // namespace owl::wal
