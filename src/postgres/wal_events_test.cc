#include <gtest/gtest.h>

#include "postgres/wal_builder.h"
#include "postgres/wal_recorder.h"

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
  out.ended_well = out.seen.records.back().head.lsn == last;
  return out;
}

class Data {
 public:
  Data& u32(std::uint32_t value) {
    BinaryWriter(bytes_).u32(value);
    return *this;
  }
  Data& u64(std::uint64_t value) {
    BinaryWriter(bytes_).u64(value);
    return *this;
  }
  Data& time() { return u64(static_cast<std::uint64_t>(moment.micros - postgres_epoch_micros)); }
  Data& zeros(std::size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  Data& text(std::string_view value) {
    append(bytes_, as_bytes(value));
    return *this;
  }
  operator Bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

TEST(WalEvents, CommitAndAbort) {
  for (const auto& [info, commit] : {std::pair<std::uint8_t, bool>{0x00, true}, {0x20, false}, {0x80, true}}) {
    const auto told = tell(15, 1, info, Data().time().u32(0));
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
  for (const std::uint8_t info : std::initializer_list<std::uint8_t>{0x10, 0x50, 0x60}) {  // PREPARE, ASSIGNMENT, INVALIDATIONS
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
      Data data = Data().time().u32(parts).zeros(8);
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
  EXPECT_FALSE(tell(15, 1, 0x30, Data().time()).ended_well);
  EXPECT_FALSE(tell(15, 1, 0xb0, Data().time().u32(0).u32(5)).ended_well);
  EXPECT_FALSE(tell(15, 1, 0xb0, Data().time().u32(2 | 16).u32(0xffffffff).u32(5)).ended_well);
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
  const auto told = tell(15, 0, 0x70, Data().time().text("before the upgrade").zeros(46));
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

}  // namespace
}  // namespace owl::postgres
