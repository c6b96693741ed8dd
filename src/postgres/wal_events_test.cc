#include <gtest/gtest.h>

#include "postgres/wal_builder.h"
#include "postgres/wal_recorder.h"
#include "postgres/wal_sample_records.h"

namespace owl::postgres {
namespace {

constexpr Timestamp moment{1'790'000'000'123'456};

/// What a record of that kind tells. `ended_well`: the walk went past it.
struct Told {
  WalRecorder seen;
  bool ended_well = false;
};
Told tell(int major, std::uint8_t resource_manager, std::uint8_t info, Bytes main_data) {
  WalBuilder wal({.major = major});
  wal.add({.resource_manager = resource_manager, .info = info, .xid = 700, .main_data = std::move(main_data)});
  const Lsn last = wal.add_sized(1);
  Told out;
  WalWalker walker(WalBuilder::segment_size);
  walker.feed(wal.segments()[0], wal.id_of(0), out.seen);
  out.ended_well = !out.seen.records.empty() && out.seen.records.back().head.lsn == last;
  return out;
}

using sample::Data;

TEST(WalEvents, CommitAndAbort) {
  for (const auto& [info, commit] : {std::pair<std::uint8_t, bool>{0x00, true}, {0x20, false}, {0x80, true}}) {
    const auto told = tell(15, 1, info, Data().time(moment).u32(0));
    ASSERT_EQ(told.seen.ends.size(), 1u);
    const auto& end = told.seen.ends[0];
    EXPECT_EQ(end.commit, commit);
    EXPECT_EQ(end.xid, 700u);
    EXPECT_EQ(end.time, moment);
    EXPECT_EQ(end.lsn, Lsn{0x300028});
    EXPECT_EQ(end.end, told.seen.records[1].head.lsn);
    EXPECT_TRUE(told.ended_well);
  }
}

TEST(WalEvents, OtherTransactionRecordsAreNoEnds) {
  for (const std::uint8_t info :
       std::initializer_list<std::uint8_t>{0x10, 0x50, 0x60}) {  // PREPARE, ASSIGNMENT, INVALIDATIONS
    const auto told = tell(15, 1, info, Data().u32(1));
    EXPECT_TRUE(told.seen.ends.empty());
    EXPECT_TRUE(told.ended_well);
  }
}

TEST(WalEvents, PreparedTransactionsAreNamedByTheirOwnId) {
  for (const int major : {13, 14, 15, 17, 18}) {
    for (const auto& [info, commit] : {std::pair<std::uint8_t, bool>{0xb0, true}, {0xc0, false}}) {
      std::uint32_t parts = 1 | 2 | 4 | 8 | 16 | 128;
      if (major >= 15) parts |= 256;
      Data data = Data().time(moment).u32(parts).zeros(8);
      data.u32(3).zeros(3 * 4).u32(2).zeros(2 * 12);
      if (major >= 15) data.u32(2).zeros(2 * (major >= 18 ? 16 : 12));
      data.u32(4).zeros(4 * 16).u32(4711).text(std::string_view("gid\0", 4));
      const auto told = tell(major, 1, info, data);
      ASSERT_EQ(told.seen.ends.size(), 1u) << major;
      EXPECT_EQ(told.seen.ends[0].xid, 4711u);
      EXPECT_EQ(told.seen.ends[0].commit, commit);
      EXPECT_EQ(told.seen.ends[0].time, moment);
    }
  }
}

TEST(WalEvents, APreparedEndWithoutItsIdIsNotUnderstood) {
  EXPECT_FALSE(tell(15, 1, 0x30, Data().time(moment)).ended_well);
  EXPECT_FALSE(tell(15, 1, 0xb0, Data().time(moment).u32(0).u32(5)).ended_well);
  EXPECT_FALSE(tell(15, 1, 0xb0, Data().time(moment).u32(2 | 16).u32(0xffffffff).u32(5)).ended_well);
  EXPECT_FALSE(tell(15, 1, 0x00, Data().u32(5)).ended_well);
}

TEST(WalEvents, ATimeOutOfRangeIsCarriedThrough) {
  EXPECT_EQ(tell(15, 1, 0x00, Data().u64(0x7fffffffffffffff)).seen.ends.size(), 1u);
}

TEST(WalEvents, TablespaceCreate) {
  const auto told = tell(15, 5, 0x00, Data().u32(16397).text(std::string_view("/srv/fast\0", 10)));
  ASSERT_EQ(told.seen.tablespaces.size(), 1u);
  EXPECT_EQ(told.seen.tablespaces[0].oid, 16397u);
  EXPECT_EQ(told.seen.tablespaces[0].path, "/srv/fast");
  EXPECT_TRUE(tell(15, 5, 0x10, Data().u32(16397)).seen.tablespaces.empty());  // DROP
}

TEST(WalEvents, ParameterChange) {
  const auto told = tell(13, 0, 0x60, Data().u32(100).u32(8).u32(10).u32(5).u32(64).u32(1).zeros(2));
  ASSERT_EQ(told.seen.changes.size(), 1u);
  const auto& change = told.seen.changes[0];
  EXPECT_EQ(change.max_connections, 100);
  EXPECT_EQ(change.max_worker_processes, 8);
  EXPECT_EQ(change.max_wal_senders, 10);
  EXPECT_EQ(change.max_prepared_transactions, 5);
  EXPECT_EQ(change.max_locks_per_transaction, 64);
  EXPECT_EQ(change.wal_level, 1);
}

TEST(WalEvents, RestorePoint) {
  const auto told = tell(15, 0, 0x70, Data().time(moment).text("before the upgrade").zeros(46));
  ASSERT_EQ(told.seen.points.size(), 1u);
  EXPECT_EQ(told.seen.points[0].name, "before the upgrade");
  EXPECT_EQ(told.seen.points[0].time, moment);
}

TEST(WalEvents, WalLevelFrom17On) {
  for (const int major : {16, 17, 18}) {
    WalRecorder all;
    for (const auto& [info, offset] :
         {std::pair<std::uint8_t, std::size_t>{0x00, 20}, {0x10, 20}, {0x90, 16}, {0xe0, 0}}) {
      const auto told = tell(major, 0, info, Data().zeros(offset).u32(2).zeros(64));
      EXPECT_TRUE(told.ended_well);
      for (const auto& note : told.seen.levels) {
        EXPECT_EQ(note.wal_level, 2);
        all.levels.push_back(note);
      }
    }
    EXPECT_EQ(all.levels.size(), major >= 17 ? 4u : 0u);
  }
}

constexpr RelationFile table{1663, 5, 16384}, toast{1663, 5, 16390};

/// The same of a whole record.
Told tell_record(int major, const WalBuilder::Record& record) {
  return tell(major, record.resource_manager, record.info, record.main_data);
}
Bytes shortened(Bytes bytes) {
  bytes.pop_back();
  return bytes;
}
Bytes lengthened(Bytes bytes) {
  bytes.push_back(0);
  return bytes;
}

class WalEventsOf : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, WalEventsOf, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

TEST_P(WalEventsOf, TransactionsTellWhatTheyDrop) {
  const int major = GetParam();
  for (const auto operation : {xact::commit, xact::abort, xact::commit_prepared, xact::abort_prepared}) {
    const sample::End end{.operation = operation,
                          .xid = 4711,
                          .dropped = {table, toast},
                          .subtransactions = {4712, 4713},
                          .statistics = {{2, 5, 16380}, {3, 5, 9}},
                          .invalidations = 3};
    auto record = sample::transaction_end(end, major);
    record.xid = 700;
    const auto told = tell_record(major, record);
    ASSERT_EQ(told.seen.ends.size(), 1u);
    const auto& seen = told.seen.ends[0];
    const bool prepared = operation == xact::commit_prepared || operation == xact::abort_prepared;
    EXPECT_EQ(seen.xid, prepared ? 4711u : 700u);
    EXPECT_EQ(seen.prepared, prepared);
    EXPECT_EQ(seen.commit, operation == xact::commit || operation == xact::commit_prepared);
    EXPECT_EQ(seen.dropped, end.dropped);
    EXPECT_EQ(seen.subtransactions, end.subtransactions);
    EXPECT_EQ(seen.dropped_statistics, major >= 15 ? end.statistics : std::vector<DroppedStatistics>{});
    EXPECT_TRUE(told.seen.unexplained.empty());
  }
}

TEST_P(WalEventsOf, StatisticsOf18HaveWideIds) {
  if (GetParam() < 18) return;
  const sample::End end{.statistics = {{2, 5, 0x1'0000'0007}}};
  EXPECT_EQ(tell_record(GetParam(), sample::transaction_end(end, GetParam())).seen.ends.at(0).dropped_statistics,
            end.statistics);
}

TEST_P(WalEventsOf, AnEndWhoseListIsCutShortIsNotUnderstood) {
  auto record = sample::transaction_end({.dropped = {table, toast}}, GetParam());
  record.main_data = shortened(record.main_data);
  const auto told = tell_record(GetParam(), record);
  EXPECT_TRUE(told.seen.ends.empty());
  EXPECT_FALSE(told.ended_well);
}

TEST_P(WalEventsOf, PrepareDropsNothing) {
  const auto told = tell(GetParam(), rm::transaction, 0x10, Bytes(200, 1));
  EXPECT_TRUE(told.seen.ends.empty());
  EXPECT_TRUE(told.ended_well);
}

TEST_P(WalEventsOf, FilesBeginAndAreCut) {
  const auto created = tell_record(GetParam(), sample::relation_create(table, 3));
  ASSERT_EQ(created.seen.creates.size(), 1u);
  EXPECT_EQ(created.seen.creates[0].file, table);
  EXPECT_EQ(created.seen.creates[0].fork, 3u);
  EXPECT_EQ(created.seen.creates[0].xid, 700u);

  const auto cut = tell_record(GetParam(), sample::relation_truncate(table, 77, 5));
  ASSERT_EQ(cut.seen.truncates.size(), 1u);
  EXPECT_EQ(cut.seen.truncates[0].file, table);
  EXPECT_EQ(cut.seen.truncates[0].blocks, 77u);
  EXPECT_EQ(cut.seen.truncates[0].flags, 5u);
}

TEST_P(WalEventsOf, RecordsOfAnotherSizeThanTheirKindHasAreNotUnderstood) {
  const int major = GetParam();
  for (auto record : {sample::relation_create(table), sample::relation_truncate(table, 0),
                      sample::database_create(7, 1663, true, major), sample::database_create(7, 1663, false, major),
                      sample::database_drop(7, {1663, 1700}, major)}) {
    if (major < 15 && record.resource_manager == rm::database && record.main_data.size() == 8) continue;
    EXPECT_TRUE(tell_record(major, record).ended_well);
    const Bytes whole = record.main_data;
    record.main_data = shortened(whole);
    EXPECT_FALSE(tell_record(major, record).ended_well) << int{record.resource_manager};
    record.main_data = lengthened(whole);
    EXPECT_FALSE(tell_record(major, record).ended_well) << int{record.resource_manager};
  }
}

TEST_P(WalEventsOf, DatabasesComeAndGo) {
  const int major = GetParam();
  const auto copied = tell_record(major, sample::database_create(16500, 1663, true, major));
  ASSERT_EQ(copied.seen.database_creates.size(), 1u);
  EXPECT_TRUE(copied.seen.database_creates[0].file_copy);
  EXPECT_EQ(copied.seen.database_creates[0].database, 16500u);
  EXPECT_EQ(copied.seen.database_creates[0].tablespace, 1663u);
  EXPECT_EQ(copied.seen.database_creates[0].source_database, 1u);

  const auto dropped = tell_record(major, sample::database_drop(16500, {1663, 1700}, major));
  ASSERT_EQ(dropped.seen.database_drops.size(), 1u);
  EXPECT_EQ(dropped.seen.database_drops[0].database, 16500u);
  EXPECT_EQ(dropped.seen.database_drops[0].tablespaces, (std::vector<Oid>{1663, 1700}));

  const auto logged = tell_record(major, sample::database_create(16500, 1663, false, 15));
  if (major >= 15) {
    ASSERT_EQ(logged.seen.database_creates.size(), 1u);
    EXPECT_FALSE(logged.seen.database_creates[0].file_copy);
  } else {
    // The number means DROP there: its one tablespace list would have to be as long as that record is not.
    EXPECT_TRUE(logged.seen.database_creates.empty());
  }
  // 15's DROP is no kind that 14 has: nobody knows what it does.
  const auto later = tell_record(major, sample::database_drop(16500, {1663}, 15));
  EXPECT_EQ(later.seen.unexplained.size(), major >= 15 ? 0u : 1u);
}

TEST_P(WalEventsOf, TablespaceDropAndTruncateOfTables) {
  const auto dropped = tell(GetParam(), rm::tablespace, tblspc::drop, Data().u32(16397));
  ASSERT_EQ(dropped.seen.tablespace_drops.size(), 1u);
  EXPECT_EQ(dropped.seen.tablespace_drops[0].oid, 16397u);

  const auto cut = tell(GetParam(), rm::heap, heap::truncate, Data().u32(5).u32(2).u32(1).u32(16384).u32(16400));
  ASSERT_EQ(cut.seen.table_truncates.size(), 1u);
  EXPECT_EQ(cut.seen.table_truncates[0].database, 5u);
  EXPECT_EQ(cut.seen.table_truncates[0].tables, (std::vector<Oid>{16384, 16400}));
}

TEST_P(WalEventsOf, FullPageWritesAndOverwrittenRecords) {
  for (const bool on : {true, false}) {
    const auto changed = tell(GetParam(), rm::xlog, xlog::full_page_writes_change, Data().u8(on ? 1 : 0));
    ASSERT_EQ(changed.seen.page_writes.size(), 1u);
    EXPECT_EQ(changed.seen.page_writes[0].on, on);
    for (const auto kind : {xlog::checkpoint_shutdown, xlog::checkpoint_online}) {
      const auto at_checkpoint = tell(GetParam(), rm::xlog, kind, Data().zeros(16).u32(on ? 1 : 0).u32(1).zeros(64));
      ASSERT_EQ(at_checkpoint.seen.page_writes.size(), 1u);
      EXPECT_EQ(at_checkpoint.seen.page_writes[0].on, on);
    }
  }
  const auto told = tell(GetParam(), rm::xlog, xlog::overwrite_contrecord, Data().u64(0x3000028).time(moment));
  ASSERT_EQ(told.seen.overwritten.size(), 1u);
  EXPECT_EQ(told.seen.overwritten[0].overwritten, Lsn{0x3000028});
  EXPECT_EQ(told.seen.overwritten[0].time, moment);
}

TEST_P(WalEventsOf, WhatSaysThatItDoesMoreThanIsKnownIsTold) {
  const int major = GetParam();
  // Any resource manager but the three that explain themselves, one of an extension too.
  std::vector<std::uint8_t> managers{rm::xlog, rm::tablespace, 7, 9, rm::heap, 11, 20, 21};
  if (major >= 15) managers.push_back(130);
  for (const auto manager : managers) {
    const std::uint8_t kind = manager == rm::xlog ? 0x30 : 0x00;
    const Bytes data = manager == rm::tablespace ? Bytes(Data().u32(1).text(std::string_view("/a\0", 3))) : Bytes(8, 1);
    const auto told = tell(major, manager, static_cast<std::uint8_t>(kind | special_relation_update), data);
    ASSERT_EQ(told.seen.unexplained.size(), 1u) << int{manager};
    EXPECT_EQ(told.seen.unexplained[0].resource_manager, manager);
    EXPECT_TRUE(tell(major, manager, kind, data).seen.unexplained.empty()) << int{manager};
  }
  // Of those three, kinds that are none.
  EXPECT_EQ(tell(major, rm::storage, 0x30, Bytes(16, 1)).seen.unexplained.size(), 1u);
  EXPECT_EQ(tell(major, rm::database, 0x30, Bytes(16, 1)).seen.unexplained.size(), 1u);
  EXPECT_EQ(tell(major, rm::transaction, 0x10 | special_relation_update, Bytes(16, 1)).seen.unexplained.size(), 1u);
}

TEST_P(WalEventsOf, ExtensionsRecordsAreReadFrom15OnAndUnknownOnesNever) {
  EXPECT_EQ(tell(GetParam(), 128, 0x00, Bytes(8, 1)).ended_well, GetParam() >= 15);
  EXPECT_EQ(tell(GetParam(), 255, 0xf0, Bytes(8, 1)).ended_well, GetParam() >= 15);
  for (const std::uint8_t unknown : std::initializer_list<std::uint8_t>{22, 60, 127}) {
    EXPECT_THROW(tell(GetParam(), unknown, 0x00, Bytes(8, 1)).seen.records.at(0), std::out_of_range);
  }
}

}  // namespace
}  // namespace owl::postgres
