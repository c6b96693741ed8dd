#include "wal/forerunner.h"

#include "os/file.h"
#include "os/test_support.h"
#include "wal/wal_map_test_support.h"

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::WalBuilder;
namespace sample = postgres::sample;

constexpr postgres::RelationFile table{1663, 5, 16384};

/// A commit of many drops that fills a segment and more, behind rows.
struct LongCommit {
  LongCommit() {
    wal.add(sample::heap_insert(table, 1, 15));
    wal.add_sized(700'000);
    std::vector<postgres::RelationFile> files;
    for (postgres::Oid i = 0; i < 140'000; ++i) files.push_back({1663, 5, 20'000 + i});
    commit = wal.add(sample::transaction_end({.dropped = files}, 15));
    wal.add(sample::heap_insert(table, 2, 15));
    last = wal.add_switch();
  }
  postgres::SegmentHeader header(std::size_t index) {
    return value_or_throw(postgres::parse_segment_header(wal.segments()[index]));
  }
  std::string name(std::size_t index) { return to_file_name(wal.id_of(index), WalBuilder::segment_size); }

  WalBuilder wal;
  Lsn commit, last;
};

void expect_commit(const std::optional<postgres::UnfinishedRecord>& found, LongCommit& wal, std::size_t index) {
  ASSERT_TRUE(found);
  EXPECT_EQ(found->start, wal.commit);
  const auto head = postgres::read_continuation(wal.wal.segments()[index], WalBuilder::page_size);
  EXPECT_EQ(found->total_size - found->seen, head.remaining);
  const auto part = postgres::next_part(*found, head.bytes, 15);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->kept.size(), part->size);  // files that go, and nothing else
}

TEST(Forerunner, IsFoundInTheFilesBeside) {
  LongCommit wal;
  ASSERT_EQ(wal.wal.segments().size(), 3u);
  const os::test::TemporaryFolder folder;
  for (std::size_t i = 0; i < 2; ++i) os::replace_file(folder / wal.name(i), wal.wal.segments()[i]);
  for (const std::size_t index : std::initializer_list<std::size_t>{1, 2}) {
    expect_commit(unfinished_in_folder(wal.wal.segments()[index], wal.header(index), folder.path()), wal, index);
  }
  EXPECT_FALSE(unfinished_in_folder(wal.wal.segments()[0], wal.header(0), folder.path()));

  // A file that is gone, or holds another place's WAL by now, tells nothing.
  os::replace_file(folder / wal.name(1), wal.wal.segments()[2]);
  EXPECT_FALSE(unfinished_in_folder(wal.wal.segments()[2], wal.header(2), folder.path()));
  os::remove_file(folder / wal.name(1));
  EXPECT_FALSE(unfinished_in_folder(wal.wal.segments()[2], wal.header(2), folder.path()));
}

TEST(Forerunner, IsFoundInWhatWasStored) {
  LongCommit wal;
  const DescribedWal described(wal.wal.segments(), wal.wal.id_of(0));
  const auto info = [&](const std::string& name) -> std::optional<WalInfo> {
    for (std::size_t i = 0; i < 3; ++i) {
      if (name != wal.name(i)) continue;
      WalInfo stored;
      stored.file_name = name;
      stored.segment = described.described[i];
      return value_or_throw(parse_wal_info(serialize(stored)));
    }
    return std::nullopt;
  };
  for (const std::size_t index : std::initializer_list<std::size_t>{1, 2}) {
    expect_commit(unfinished_in_archive(wal.header(index), info), wal, index);
  }
  EXPECT_FALSE(unfinished_in_archive(wal.header(0), info));
  EXPECT_FALSE(unfinished_in_archive(
      wal.header(2), [&](const std::string& name) { return name == wal.name(1) ? std::nullopt : info(name); }));
}

TEST(Forerunner, NothingIsReadWhereNothingContinues) {
  WalBuilder wal;
  wal.add(sample::heap_insert(table, 1, 15));
  const auto header = value_or_throw(postgres::parse_segment_header(wal.segments()[0]));
  EXPECT_FALSE(unfinished_before(wal.segments()[0], header, [](Lsn, MutableBytes) -> bool {
    ADD_FAILURE();
    return false;
  }));
}

}  // namespace
}  // namespace owl::wal
