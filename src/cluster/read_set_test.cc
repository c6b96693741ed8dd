#include "cluster/read_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "cluster/work_items.h"

namespace owl::cluster {
namespace {

constexpr std::uint32_t bs = 8192, file_pages = 131072;
const postgres::RelationFile table{1663, 5, 16384};

TEST(MainFork, IsWhatMapsTellOf) {
  using File = postgres::RelationFile;
  EXPECT_EQ(main_fork_of("base/5/16384"), (File{1663, 5, 16384}));
  EXPECT_EQ(main_fork_of("base/5/16384.12"), (File{1663, 5, 16384}));
  EXPECT_EQ(main_fork_of("global/1260"), (File{1664, 0, 1260}));
  EXPECT_EQ(main_fork_of("pg_tblspc/16390/PG_15_202209061/5/16400"), (File{16390, 5, 16400}));
  for (const auto* path :
       {"base/5/16384_vm", "base/5/16384_fsm.1", "base/5/16384_init", "base/5/PG_VERSION", "base/16384", "16384",
        "pg_xact/0000", "base/x/16384", "base/5/pg_filenode.map", "base/5/16384.0", "pg_tblspc/16390/16384",
        "global/5/1260", "base/5/6/16384", "base/5/99999999999"}) {
    EXPECT_FALSE(main_fork_of(path)) << path;
  }
}

/// A relation file of so many pages, and the same then.
struct Case {
  ListedFile file;
  FileEntry earlier;
  wal::ChangedBlocks changes;

  Case(std::uint32_t pages_then, std::uint32_t pages_now, std::uint32_t segment = 0) {
    file.path = earlier.path = "base/5/16384" + (segment == 0 ? "" : "." + std::to_string(segment));
    file.is_relation = true;
    file.first_block = segment * file_pages;
    file.size = std::uint64_t{pages_now} * bs;
    earlier.type = EntryType::pages;
    earlier.size = std::uint64_t{pages_then} * bs;
  }
  Case& block(std::uint32_t number) {
    wal::BlockCollector collector;
    collector.add(changes.relations[table].blocks);
    collector.add(number);
    changes.relations[table].blocks = collector.take();
    return *this;
  }
  Case& limit(std::uint32_t number) {
    changes.relations[table].limit = number;
    return *this;
  }
  ReadSet reads() const { return pages_to_read(file, &earlier, changes, bs); }
};

using Runs = ReadSet;

TEST(PagesToRead, AreTheBlocksThatMapsName) {
  EXPECT_EQ(Case(100, 100).reads(), Runs{});
  EXPECT_EQ(Case(100, 100).block(7).block(8).block(99).reads(), (Runs{{7, 9}, {99, 100}}));
  Case other(100, 100);
  other.changes.relations[{1663, 5, 16385}].limit = 0;
  other.changes.relations[{1664, 5, 16384}].limit = 0;
  EXPECT_EQ(other.reads(), Runs{});
}

TEST(PagesToRead, OfALaterSegmentCountFromItsOwnBeginning) {
  EXPECT_EQ(
      Case(100, 100, 2).block(7).block(2 * file_pages).block(2 * file_pages + 99).block(2 * file_pages + 100).reads(),
      (Runs{{0, 1}, {99, 100}}));
  EXPECT_EQ(Case(file_pages, file_pages).block(file_pages).block(file_pages - 1).reads(),
            (Runs{{file_pages - 1, file_pages}}));
}

TEST(PagesToRead, BeginWithTheLimit) {
  EXPECT_EQ(Case(100, 100).limit(40).reads(), (Runs{{40, 100}}));
  EXPECT_EQ(Case(100, 100).limit(0).reads(), (Runs{{0, 100}}));
  EXPECT_EQ(Case(100, 100).limit(100).reads(), Runs{});
  EXPECT_EQ(Case(100, 100).limit(40).block(3).reads(), (Runs{{3, 4}, {40, 100}}));
  EXPECT_EQ(Case(100, 100, 1).limit(file_pages + 40).reads(), (Runs{{40, 100}}));
  EXPECT_EQ(Case(100, 100, 1).limit(5).reads(), (Runs{{0, 100}}));
  EXPECT_EQ(Case(100, 100, 1).limit(2 * file_pages).reads(), Runs{});
}

TEST(PagesToRead, AreAllThatTheFileHasGrownBy) {
  EXPECT_EQ(Case(100, 130).reads(), (Runs{{100, 130}}));
  EXPECT_EQ(Case(100, 130).limit(120).reads(), (Runs{{100, 130}}));
  EXPECT_EQ(Case(100, 130).limit(90).reads(), (Runs{{90, 130}}));
  EXPECT_EQ(Case(0, 3).reads(), (Runs{{0, 3}}));
}

TEST(PagesToRead, AreAllOfAFileThatShrankUnlessAMapTellsOfIt) {
  EXPECT_EQ(Case(100, 60).reads(), (Runs{{0, 60}}));
  EXPECT_EQ(Case(100, 60).limit(60).reads(), Runs{});
  EXPECT_EQ(Case(100, 60).limit(50).reads(), (Runs{{50, 60}}));
  EXPECT_EQ(Case(100, 60).limit(61).reads(), (Runs{{0, 60}}));
}

TEST(PagesToRead, AreAllOfWhatIsInNewDatabasesAndTablespaces) {
  Case database(100, 100), tablespace(100, 100);
  database.changes.databases.emplace(1663, 5);
  tablespace.changes.tablespaces.insert(1663);
  EXPECT_EQ(database.reads(), (Runs{{0, 100}}));
  EXPECT_EQ(tablespace.reads(), (Runs{{0, 100}}));
}

TEST(PagesToRead, AreAllOfWhatMapsDoNotTellOf) {
  Case ragged(100, 100), bytes(100, 100), odd(100, 100), fork(100, 100), no_pages(100, 100);
  ragged.file.is_ragged = true;
  bytes.earlier.type = EntryType::bytes;
  odd.earlier.size += 100;
  fork.file.path = "base/5/16384_vm";
  no_pages.file.is_relation = false;
  for (const auto* one : {&ragged, &bytes, &odd, &fork, &no_pages}) EXPECT_EQ(one->reads(), (Runs{{0, 100}}));
  const Case fresh(0, 100);
  EXPECT_EQ(pages_to_read(fresh.file, nullptr, fresh.changes, bs), (Runs{{0, 100}}));
}

TEST(PagesToRead, AreThoseThatWereDamaged) {
  Case damaged(100, 100);
  damaged.earlier.bad_blocks = {3, 70, 100};
  EXPECT_EQ(damaged.reads(), (Runs{{3, 4}, {70, 71}}));
}

TEST(Runs, AndTheirComplementAreTheWhole) {
  EXPECT_EQ(joined({{5, 7}, {0, 2}, {6, 9}, {2, 3}, {4, 4}}), (Runs{{0, 3}, {5, 9}}));
  EXPECT_EQ(complement({{0, 3}, {5, 9}}, 10), (Runs{{3, 5}, {9, 10}}));
  EXPECT_EQ(complement({}, 10), (Runs{{0, 10}}));
  EXPECT_EQ(complement({{0, 10}}, 10), Runs{});
  EXPECT_EQ(complement({}, 0), Runs{});
}

/// By brute force, page by page.
TEST(PagesToRead, AreExactlyWhatTheContractSays) {
  std::mt19937 random(1);
  const auto draw = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
  for (int round = 0; round < 2000; ++round) {
    Case one(draw(40), draw(40), draw(1));
    const bool limited = draw(2) == 0;
    const auto limit = one.file.first_block + draw(45);
    if (limited) one.limit(limit);
    for (std::uint32_t i = draw(4); i > 0; --i) one.block(one.file.first_block + draw(45));
    const auto then = static_cast<std::uint32_t>(one.earlier.size / bs),
               now = static_cast<std::uint32_t>(one.file.size / bs);
    const bool unexplained = now < then && !(limited && limit <= one.file.first_block + now);
    std::vector<bool> read(now);
    for (const auto& run : one.reads()) std::fill(read.begin() + run.first, read.begin() + run.end, true);
    for (std::uint32_t page = 0; page < now; ++page) {
      const auto block = one.file.first_block + page;
      EXPECT_EQ(read[page], unexplained || page >= then || one.changes.covers(table, block)) << round << ' ' << page;
    }
  }
}

FileEntry with_blobs(std::uint32_t pages, const std::vector<std::uint32_t>& blob_of_page) {
  FileEntry entry;
  entry.type = EntryType::pages;
  entry.size = std::uint64_t{pages} * bs;
  for (std::uint32_t i = 0; i < pages; ++i) {
    entry.extents.push_back({std::uint64_t{i} * bs, bs, blob_of_page[i], 0});
  }
  return entry;
}

TEST(WithoutCrumbs, AStretchThatIsMostlyReadIsReadWhole) {
  const auto entry = with_blobs(300, std::vector<std::uint32_t>(300, 0));
  EXPECT_EQ(without_crumbs({{0, 96}, {130, 140}}, entry, 300, bs), (Runs{{0, 128}, {130, 140}}));
  EXPECT_EQ(without_crumbs({{0, 95}}, entry, 300, bs), (Runs{{0, 95}}));
  EXPECT_EQ(without_crumbs({{256, 290}}, entry, 300, bs), (Runs{{256, 300}}));
  EXPECT_EQ(without_crumbs({}, entry, 300, bs), Runs{});
  EXPECT_EQ(without_crumbs({{100, 290}}, entry, 300, bs), (Runs{{100, 300}}));
}

TEST(WithoutCrumbs, TheSmallestBlobsOfAStretchBecomeOne) {
  std::vector<std::uint32_t> blobs(128, 0);
  for (std::uint32_t i = 0; i < 20; ++i) blobs[i * 3] = i + 1;
  const auto entry = with_blobs(128, blobs);
  const auto mended = without_crumbs({{100, 101}}, entry, 128, bs);
  std::uint32_t pages = 0;
  for (const auto& run : mended) pages += run.count();
  EXPECT_EQ(pages, 15u);  // of 21 old blobs 7 stay beside the new one: 14 small ones are read, and page 100
  std::set<std::uint32_t> left;
  for (const auto& run : complement(mended, 128)) {
    for (auto page = run.first; page < run.end; ++page) left.insert(blobs[page]);
  }
  EXPECT_EQ(left.size(), 7u);
  EXPECT_TRUE(left.contains(0));
}

TEST(WithoutCrumbs, SixteenBlobsAreFew) {
  std::vector<std::uint32_t> blobs(128, 0);
  for (std::uint32_t i = 0; i < 14; ++i) blobs[i * 3] = i + 1;
  EXPECT_EQ(without_crumbs({{100, 101}}, with_blobs(128, blobs), 128, bs), (Runs{{100, 101}}));
}

TEST(WithoutCrumbs, NeverReadsLess) {
  std::mt19937 random(2);
  const auto below = [&](std::uint32_t end) { return static_cast<std::uint32_t>(random() % end); };
  for (int round = 0; round < 300; ++round) {
    const std::uint32_t pages = 1 + below(700);
    std::vector<std::uint32_t> blobs(pages);
    for (auto& blob : blobs) blob = below(60);
    ReadSet reads;
    for (std::uint32_t i = below(30); i > 0; --i) {
      const std::uint32_t first = below(pages);
      reads.push_back({first, std::min<std::uint32_t>(pages, first + 1 + below(20))});
    }
    reads = joined(std::move(reads));
    const auto mended = without_crumbs(reads, with_blobs(pages, blobs), pages, bs);
    auto both = mended;
    both.insert(both.end(), reads.begin(), reads.end());
    EXPECT_EQ(joined(both), mended) << round;
    EXPECT_TRUE(mended.empty() || mended.back().end <= pages);
  }
}

}  // namespace
}  // namespace owl::cluster
