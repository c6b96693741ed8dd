#include "wal/removal_search.h"

#include "wal/wal_map_test_support.h"

namespace owl::wal {
namespace {

using postgres::RelationFile;
using postgres::WalBuilder;
namespace sample = postgres::sample;

constexpr postgres::Oid database = 5, table = 16380;
constexpr RelationFile first{1663, 5, 16384}, second{1663, 5, 16500}, third{1663, 5, 16600}, other{1663, 5, 20000};

struct Archive {
  RemovalSearch search() {
    RemovalSearch out;
    const DescribedWal described(wal.segments(), wal.id_of(0));
    for (const auto& segment : described.described) out.add(segment);
    return out;
  }
  std::vector<Removal> removals(RemovalSearch::Wanted wanted) {
    wanted.database = database;
    return search().removals_of(std::move(wanted));
  }
  WalBuilder wal;
};

TEST(RemovalSearch, FindsTheCommitThatDroppedAFile) {
  Archive archive;
  archive.wal.add(sample::heap_insert(first, 1, 15));
  archive.wal.add(sample::transaction_end({.operation = postgres::xact::abort, .xid = 9, .dropped = {first}}, 15));
  const auto lsn = archive.wal.add(sample::transaction_end(
      {.xid = 10, .time = {77'000'000}, .dropped = {first, other}, .statistics = {{2, database, table}, {2, 6, 1}}},
      15));
  archive.wal.add(sample::transaction_end({.xid = 11, .dropped = {other}}, 15));

  const Removal expected{.kind = Removal::Kind::dropped,
                         .stop_before = lsn,
                         .xid = 10,
                         .time = Timestamp{77'000'000},
                         .files = {first, other},
                         .tables = {table}};
  EXPECT_EQ(archive.removals({.files = {first}}), std::vector{expected});
  EXPECT_EQ(archive.removals({.table = table}), std::vector{expected});
  EXPECT_TRUE(archive.removals({.files = {second}}).empty());
  EXPECT_EQ(archive.search().all_of(database).size(), 2u);
  EXPECT_TRUE(archive.search().all_of(6).size() == 1 && archive.search().all_of(7).empty());
}

TEST(RemovalSearch, APreparedDropCountsWhenItIsCommitted) {
  Archive archive;
  archive.wal.add({.resource_manager = 1, .info = 0x10, .xid = 10, .main_data = Bytes(300, 1)});
  archive.wal.add(
      sample::transaction_end({.operation = postgres::xact::abort_prepared, .xid = 9, .dropped = {first}}, 15));
  const auto lsn = archive.wal.add(
      sample::transaction_end({.operation = postgres::xact::commit_prepared, .xid = 10, .dropped = {first}}, 15));
  const auto found = archive.removals({.files = {first}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].stop_before, lsn);
  EXPECT_EQ(found[0].xid, 10u);
}

TEST(RemovalSearch, FollowsATableOverItsTruncations) {
  Archive archive;
  const auto replace = [&](const RelationFile& from, const RelationFile& to, postgres::TransactionId xid, bool inner) {
    archive.wal.add(sample::relation_create(to, 0, inner ? xid + 1 : xid));
    sample::End end{.xid = xid, .dropped = {from}};
    if (inner) end.subtransactions = {xid + 1};
    return archive.wal.add(sample::transaction_end(end, 15));
  };
  const auto one = replace(first, second, 10, false);
  const auto two = replace(second, third, 20, true);
  replace(other, {1663, 5, 20001}, 30, false);
  const auto found = archive.removals({.files = {third}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].stop_before, one);
  EXPECT_EQ(found[1].stop_before, two);
  for (const auto& removal : found) {
    EXPECT_EQ(removal.kind, Removal::Kind::replaced);
    EXPECT_TRUE(removal.certain);
  }
}

TEST(RemovalSearch, AmongSeveralFilesTheOneBeforeIsAGuess) {
  Archive archive;
  const RelationFile toast_old{1663, 5, 16385}, toast_new{1663, 5, 16501};
  archive.wal.add(sample::transaction_end({.xid = 5, .dropped = {other}}, 15));
  archive.wal.add(sample::relation_create(second, 0, 10));
  archive.wal.add(sample::relation_create(toast_new, 0, 10));
  archive.wal.add(sample::transaction_end({.xid = 10, .dropped = {toast_old, first}}, 15));
  const auto traced = archive.removals({.files = {second}});
  ASSERT_EQ(traced.size(), 1u);
  EXPECT_TRUE(traced[0].certain);  // of the moment; only which file it had before is guessed

  for (int i = 0; i < 200; ++i) archive.wal.add(sample::heap_delete(first, 1, 4, 15));
  const auto with_deletes = archive.removals({.files = {second}, .least_rows = 200});
  ASSERT_EQ(with_deletes.size(), 2u);
  EXPECT_FALSE(with_deletes[1].certain);
}

TEST(RemovalSearch, SumsTheRowsThatOneTransactionDeletes) {
  Archive archive;
  const auto before = archive.wal.add(sample::transaction_end({.xid = 3, .time = {5'000'000}}, 15));
  const auto begin = archive.wal.position();
  for (int i = 0; i < 900; ++i) archive.wal.add(sample::heap_delete(first, 1, 10, 15));
  for (int i = 0; i < 600; ++i) archive.wal.add(sample::heap_delete(first, 1, 11, 15));
  archive.wal.add_sized(1'200'000);  // into another segment
  for (int i = 0; i < 300; ++i) archive.wal.add(sample::heap_delete(first, 2, 10, 15));
  const auto found = archive.removals({.files = {first}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, Removal::Kind::rows_deleted);
  EXPECT_EQ(found[0].rows, 1200u);
  EXPECT_EQ(found[0].stop_before, begin);
  EXPECT_EQ(found[0].time, Timestamp{5'000'000});
  EXPECT_GT(begin, before);
  EXPECT_EQ(archive.removals({.files = {first}, .least_rows = 600}).size(), 2u);
}

TEST(RemovalSearch, TellsOfTablesEmptiedInPlaceAndOfTheirDatabase) {
  Archive archive;
  auto vacuum = sample::relation_truncate(first, 0);
  vacuum.xid = 0;
  archive.wal.add(vacuum);
  archive.wal.add(sample::relation_truncate(first, 3));
  const auto emptied = archive.wal.add(sample::relation_truncate(first, 0));
  const auto named = archive.wal.add(
      {.resource_manager = 10, .info = 0x30, .main_data = sample::Data().u32(database).u32(1).u32(0).u32(table)});
  archive.wal.add(sample::database_drop(6, {1663}, 15));
  const auto dropped = archive.wal.add(sample::database_drop(database, {1663}, 15));
  const auto found = archive.removals({.table = table, .files = {first}});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].kind, Removal::Kind::emptied);
  EXPECT_EQ(found[0].stop_before, emptied);
  EXPECT_EQ(found[1].kind, Removal::Kind::truncated);
  EXPECT_EQ(found[1].stop_before, named);
  EXPECT_EQ(found[2].kind, Removal::Kind::database_dropped);
  EXPECT_EQ(found[2].stop_before, dropped);
}

TEST(RemovalSearch, ADropWhoseRecordCrossesABorderIsFound) {
  Archive archive;
  archive.wal.add_sized(WalBuilder::segment_size - 30'000);
  std::vector<RelationFile> files{first};
  for (postgres::Oid i = 0; i < 5000; ++i) files.push_back({1663, 5, 30'000 + i});
  const auto lsn = archive.wal.add(sample::transaction_end({.xid = 10, .dropped = files}, 15));
  archive.wal.add(sample::heap_insert(first, 1, 15));
  ASSERT_EQ(archive.wal.segments().size(), 2u);
  const auto found = archive.removals({.files = {first}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].stop_before, lsn);
}

TEST(RemovalSearch, CountsSegmentsThatTellNothing) {
  RemovalSearch search;
  search.add({});
  EXPECT_EQ(search.segments_without_events(), 1u);
}

}  // namespace
}  // namespace owl::wal
