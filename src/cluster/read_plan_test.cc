// An incremental backup of a folder without a server: what is read, what is taken over, and what comes of it.

#include "cluster/read_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <thread>

#include "cluster/tree_bench.h"
#include "codec/hash.h"

namespace owl::cluster {
namespace {

constexpr std::uint32_t bs = 8192;
using storage::error_of;
using testing::HasSubstr;

/// A page that its header doesn't betray, with that LSN.
Bytes page_of(std::uint32_t seed, std::uint64_t lsn = 0x100) {
  Bytes page = test::TreeBench::pattern(bs, static_cast<int>(seed));
  const std::uint32_t high = static_cast<std::uint32_t>(lsn >> 32), low = static_cast<std::uint32_t>(lsn);
  const std::uint16_t header[] = {0,  0,  24,
                                  bs, bs, 0x2004};  // checksum, flags, lower, upper, special, size and version
  std::memcpy(page.data(), &high, 4);
  std::memcpy(page.data() + 4, &low, 4);
  std::memcpy(page.data() + 8, header, sizeof header);
  return page;
}

Bytes pages_of(std::uint32_t count, std::uint32_t seed) {
  Bytes out;
  for (std::uint32_t i = 0; i < count; ++i) append(out, page_of(seed * 100'000 + i));
  return out;
}

class ReadPlanTest : public testing::Test, protected test::TreeBench {
 protected:
  ReadPlanTest() {
    checksums = false;
    write("global/pg_control", pattern(8192, 1));
    write("base/5/PG_VERSION", to_bytes(as_bytes("15\n")));
    put("base/5/16384", pages_of(300, 1));
    put("base/5/16384_vm", pages_of(1, 2));
    put("base/5/16385", pages_of(5, 3));
    put("base/5/16386", pages_of(7, 4));
    put("base/5/16387", Bytes(20 * bs));
  }

  void put(const std::string& path, Bytes content) {
    write(path, content);
    files[path] = std::move(content);
  }
  void change(const std::string& path, std::uint32_t page, ByteView content, bool mapped = true) {
    auto& bytes = files.at(path);
    std::ranges::copy(content, bytes.begin() + std::ptrdiff_t{page} * bs);
    write(path, bytes);
    if (mapped) map(path, page);
  }
  void map(const std::string& path, std::uint32_t page) {
    auto& relation = changes.relations[*main_fork_of(path)];
    wal::BlockCollector collector;
    collector.add(relation.blocks);
    collector.add(page);
    relation.blocks = collector.take();
  }
  void limit(const std::string& path, std::uint32_t to) { changes.relations[*main_fork_of(path)].limit = to; }

  /// Plans while one worker reads; files are written down only when the plan waits for that.
  struct Waited {
    int times = 0;
    std::size_t most_held = 0;  ///< bytes
    bool all_written = false;
  };
  Waited plan_and_write_down(const repository::LoadedManifest* first, std::size_t most_held) {
    const auto listing = list_cluster({source, "PG_15_202209061"});
    repository::BackupSession session(stores, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor,
                                      {});
    FilePieces pieces;
    ListingReader listed(listing);
    EarlierMarks marks;
    std::optional<EarlierMap> earlier;
    std::optional<ReadPlan::Earlier> known;
    if (first != nullptr) {
      auto& map = earlier.emplace(*first, reader, session, bs, std::stop_token());
      known.emplace(ReadPlan::Earlier{map, marks, changes, audit});
    }
    BoundedQueue<WorkItem> queue(1);
    std::jthread worker([&] {
      PieceReader piece_reader(listing, pieces, session, bench.keys.writer_naming, {source, bs, checksums, 1},
                               bench.clock);
      while (const auto item = queue.pop()) piece_reader.process(*item);
    });
    Waited waited;
    std::uint32_t taken = 0;
    const auto write_down = [&] {
      ++waited.times;
      waited.most_held = std::max(waited.most_held, pieces.held_bytes());
      while (taken < listing.size() && pieces.take(taken, listed[taken])) ++taken;
    };
    ReadPlan({listing, pieces, bs, known, write_down, bench.clock, most_held}).run(queue, {});
    worker.join();
    write_down();
    waited.all_written = taken == listing.size_without_control() && pieces.held_bytes() == 0;
    return waited;
  }

  repository::LoadedManifest back_up_changes(const repository::LoadedManifest& earlier) {
    auto made = back_up(Base{earlier, changes, audit, stretch});
    changes = {};
    return made;
  }

  /// As a restore puts the file together: its blobs, and zeros between. The whole file's checksum must fit.
  std::map<std::string, Bytes> stored(const repository::LoadedManifest& backup) {
    std::map<std::string, Bytes> out;
    blobs_in.clear();
    for (const auto& ref : backup.manifest.leaves) {
      const auto leaf =
          value_or_throw(parse_extent_leaf(reader.read_one(backup.manifest.packs[ref.pack], ref.entry, ref.name)));
      for (const auto& file : leaf.files) {
        if (file.type == EntryType::folder) continue;
        Bytes bytes(file.size);
        for (const auto& extent : file.extents) {
          const auto& blob = leaf.blobs[extent.blob];
          const auto plain = reader.read_one(leaf.packs[blob.pack], blob.entry, blob.name);
          std::ranges::copy(ByteView(plain).subspan(extent.blob_offset, extent.length),
                            bytes.begin() + static_cast<std::ptrdiff_t>(extent.file_offset));
          blobs_in[file.path].insert(blob.name);
        }
        EXPECT_EQ(codec::crc32c(bytes), file.crc32c) << file.path;
        out[file.path] = std::move(bytes);
      }
    }
    return out;
  }
  void expect_stored(const repository::LoadedManifest& backup) {
    const auto found = stored(backup);
    for (const auto& [path, content] : files) {
      ASSERT_TRUE(found.contains(path)) << path;
      EXPECT_TRUE(found.at(path) == content) << path;
    }
  }
  static std::vector<crypto::BlobName> leaves(const repository::LoadedManifest& backup) {
    std::vector<crypto::BlobName> out;
    for (const auto& leaf : backup.manifest.leaves) out.push_back(leaf.name);
    return out;
  }

  std::map<std::string, Bytes> files;
  std::map<std::string, std::set<crypto::BlobName>> blobs_in;
  wal::ChangedBlocks changes;
  AuditShare audit{1'000'000, 0};
  AuditStretch stretch{{0x1000}, {0x2000}};
};

TEST_F(ReadPlanTest, ReadsTheChangedPagesAndTakesOverTheRest) {
  const auto first = back_up();
  expect_stored(first);
  change("base/5/16384", 7, page_of(70, 0x1800));
  change("base/5/16384", 200, page_of(71, 0x1800));
  change("base/5/16386", 3, page_of(72, 0x1800));
  const auto second = back_up_changes(first);
  expect_stored(second);
  // Three pages, the other fork, PG_VERSION: 3 bytes.
  EXPECT_EQ(read_bytes, 4 * bs + 3);
  // Pages of neighbours share a blob.
  const auto of_16384 = blobs_in["base/5/16384"], of_16386 = blobs_in["base/5/16386"];
  std::vector<crypto::BlobName> shared;
  std::ranges::set_intersection(of_16384, of_16386, std::back_inserter(shared));
  EXPECT_EQ(shared.size(), 1u);
}

TEST_F(ReadPlanTest, WhatNoMapNamesIsNotLookedAt) {
  const auto first = back_up();
  const auto before = files;
  change("base/5/16384", 7, page_of(70), false);
  const auto second = back_up_changes(first);
  files = before;
  expect_stored(second);
}

TEST_F(ReadPlanTest, AnUnchangedClusterSharesItsMap) {
  const auto first = back_up();
  const auto second = back_up_changes(first);
  const auto third = back_up_changes(second);
  EXPECT_EQ(leaves(second), leaves(third));
  EXPECT_EQ(read_bytes, bs + 3);
  expect_stored(third);
}

TEST_F(ReadPlanTest, AFileThatWasOnlyTouchedSharesItsPartOfTheMap) {
  const auto first = back_up_changes(back_up());
  std::filesystem::last_write_time(source / "base/5/16384", std::filesystem::file_time_type::clock::now());
  EXPECT_EQ(leaves(first), leaves(back_up_changes(first)));
}

TEST_F(ReadPlanTest, WithMarksAnUnchangedClusterIsNotReadAtAll) {
  listed_at = {INT64_MAX / 2};
  const auto first = back_up();
  const auto second = back_up_changes(first);
  EXPECT_EQ(read_bytes, 0u);
  EXPECT_EQ(leaves(first), leaves(second));
  put("base/5/16384_vm", pages_of(1, 99));
  expect_stored(back_up_changes(second));
  EXPECT_EQ(read_bytes, bs);
}

TEST_F(ReadPlanTest, FilesGrowShrinkComeAndGo) {
  const auto first = back_up();
  auto grown = files.at("base/5/16385");
  append(grown, pages_of(400, 9));
  put("base/5/16385", std::move(grown));  // no map tells of an extension
  auto cut = files.at("base/5/16384");
  cut.resize(150 * bs);
  put("base/5/16384", std::move(cut));
  limit("base/5/16384", 150);
  put("base/5/16400", pages_of(3, 10));
  std::filesystem::remove(source / "base/5/16386");
  files.erase("base/5/16386");
  const auto second = back_up_changes(first);
  expect_stored(second);
  EXPECT_FALSE(stored(second).contains("base/5/16386"));
  EXPECT_EQ(read_bytes, (405 + 3 + 1) * bs + 3);
}

TEST_F(ReadPlanTest, AFileUnderANumberThatWasUsedBeforeIsReadWhole) {
  const auto first = back_up();
  put("base/5/16384", pages_of(300, 11));
  limit("base/5/16384", 0);
  put("base/5/16386", pages_of(7, 12));
  changes.databases.emplace(1663, 5);
  expect_stored(back_up_changes(first));
}

TEST_F(ReadPlanTest, AFileThatWasNotThereIsNotTakenForTheNextOne) {
  const auto first = back_up();
  put("base/5/163850", pages_of(7, 30));  // before 16386, and of its size
  const auto second = back_up_changes(first);
  expect_stored(second);
}

TEST_F(ReadPlanTest, AFileThatIsTruncatedOrDroppedMeanwhileEndsWhereItEnds) {
  const auto first = back_up();
  change("base/5/16384", 280, page_of(70, 0x1800));
  map("base/5/16385", 1);
  after_planning = [&] {
    std::filesystem::resize_file(source / "base/5/16384", 200 * bs);
    std::filesystem::remove(source / "base/5/16385");
  };
  const auto second = back_up_changes(first);
  const auto found = stored(second);
  EXPECT_FALSE(found.contains("base/5/16385"));
  // Replay cuts it; what is there is as it was.
  ASSERT_EQ(found.at("base/5/16384").size(), 280 * bs);
  EXPECT_TRUE(std::ranges::equal(found.at("base/5/16384"), ByteView(files.at("base/5/16384")).first(280 * bs)));
}

TEST_F(ReadPlanTest, AnAuditReadsWhatIsTakenOver) {
  const auto first = back_up();
  audit = {1, 0};
  map("base/5/16384", 7);
  back_up_changes(first);
  EXPECT_EQ(audited_bytes, (299 + 5 + 7 + 20) * bs);
  change("base/5/16384", 100, page_of(70, 0x1800), false);
  EXPECT_THAT(error_of([&] { back_up_changes(first); }).message(),
              HasSubstr("block 100 of base/5/16384 changed (its LSN is 0/1800) and no change map says so"));
}

TEST_F(ReadPlanTest, AnAuditAlsoFindsWhatWasZerosAndIsNot) {
  const auto first = back_up();
  audit = {1, 0};
  change("base/5/16387", 4, page_of(70, 0x1800), false);
  EXPECT_THAT(error_of([&] { back_up_changes(first); }).message(), HasSubstr("block 4 of base/5/16387"));
}

TEST(AuditShare, GivesEachStretchItsTurn) {
  for (const std::string path : {"base/5/16384", "base/5/16384.1", "global/1260"}) {
    for (std::uint64_t offset = 0; offset < (1u << 30); offset += 4 << 20) {
      int turns = 0;
      for (std::uint64_t turn = 7; turn < 37; ++turn) turns += AuditShare{30, turn}.takes(path, offset) ? 1 : 0;
      EXPECT_EQ(turns, 1) << path << ' ' << offset;
      EXPECT_TRUE((AuditShare{1, offset}.takes(path, offset)));
    }
  }
}

TEST_F(ReadPlanTest, PagesThatWereDamagedAreReadAgain) {
  Bytes damaged = page_of(5);
  damaged[13] = 0xff;  // pd_lower lies behind the page's end
  change("base/5/16384", 50, damaged, false);
  const auto first = back_up();
  change("base/5/16384", 50, page_of(51), false);
  const auto second = back_up_changes(first);
  expect_stored(second);
  EXPECT_EQ(read_bytes, 2 * bs + 3);
}

TEST_F(ReadPlanTest, WaitsForWhatItTookOverToBeWrittenDown) {
  const auto first = back_up();
  change("base/5/16384", 7, page_of(70, 0x1800));
  const auto waited = plan_and_write_down(&first, 1);
  EXPECT_TRUE(waited.all_written);
  EXPECT_GT(waited.times, 3);
  EXPECT_LT(waited.most_held, 2'000u);  // one file's worth
}

/// A first backup of very many small files: what of them was read waits for its packs, and the plan for that.
TEST_F(ReadPlanTest, WaitsForWhatWasReadToBeWrittenDown) {
  for (std::uint32_t i = 0; i < 900; ++i) write("base/6/" + std::to_string(20'000 + i), pages_of(2, 50 + i));
  const auto waited = plan_and_write_down(nullptr, 4'000);  // some twenty files
  EXPECT_TRUE(waited.all_written);
  EXPECT_LT(waited.most_held, 20'000u) << "of 900 files they would be about 150,000 bytes";
}

TEST_F(ReadPlanTest, AnEarlierMapThatIsDamagedIsNotBuiltOn) {
  const auto first = back_up();
  for (const auto* store : {"a", "b"}) {
    for (const auto& key : bench.keys_in(store, "packs/m/")) bench.raw(store).remove(key, {});
  }
  EXPECT_THROW(back_up_changes(first), MapRefuted);
}

/// Random changes, of which maps tell as WAL would, over many backups: every one restores to what was there.
TEST_F(ReadPlanTest, AChainOfManyHoldsWhatWasThere) {
  std::mt19937 random(3);
  const auto draw = [&](std::uint32_t most) { return static_cast<std::uint32_t>(random() % (most + 1)); };
  auto last = back_up();
  std::uint32_t seed = 100;
  for (int round = 0; round < 40; ++round) {
    for (std::uint32_t i = draw(6); i > 0; --i) {
      const std::string path = "base/5/" + std::to_string(16384 + draw(3));
      if (!files.contains(path)) continue;
      const auto pages = static_cast<std::uint32_t>(files.at(path).size() / bs);
      switch (draw(3)) {
        case 0:
          if (pages > 0) change(path, draw(pages - 1), page_of(++seed, 0x1800));
          break;
        case 1: {
          auto grown = files.at(path);
          append(grown, draw(1) == 0 ? Bytes(std::size_t{3} * bs) : pages_of(1 + draw(200), ++seed));
          put(path, std::move(grown));
          break;
        }
        case 2: {
          auto cut = files.at(path);
          const auto to = draw(pages);
          cut.resize(std::size_t{to} * bs);
          put(path, std::move(cut));
          const auto known = changes.limit_of(*main_fork_of(path));
          limit(path, std::min(known.value_or(to), to));
          break;
        }
        default:
          for (std::uint32_t page = draw(40); page < pages; page += 1 + draw(20)) {
            change(path, page, page_of(++seed, 0x1800));
          }
      }
    }
    last = back_up_changes(last);
    expect_stored(last);
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST_F(ReadPlanTest, AStretchNeverFallsIntoManyPieces) {
  auto last = back_up();
  for (std::uint32_t round = 0; round < 60; ++round) {
    change("base/5/16384", (round * 37) % 128, page_of(200 + round, 0x1800));
    last = back_up_changes(last);
  }
  expect_stored(last);
  // Three stretches, of which one was changed again and again.
  EXPECT_LE(blobs_in["base/5/16384"].size(), 16u + 2u);
}

}  // namespace
}  // namespace owl::cluster
