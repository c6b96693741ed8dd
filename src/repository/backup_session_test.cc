#include "repository/backup_session.h"

#include <algorithm>
#include <ranges>
#include <thread>

#include "concurrency/task_group.h"
#include "crypto/sealed_object.h"
#include "repository/head.h"
#include "repository/pack_uploader.h"
#include "repository/source_id.h"
#include "repository/standing.h"
#include "repository/store_view.h"
#include "repository/test_support.h"
#include "repository/trash.h"

namespace owl::repository {
namespace {

using namespace std::chrono_literals;
using storage::error_of;
using test::Bench;
using test::Operation;
using test::some_blobs;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class BackupSessionTest : public testing::Test {
 protected:
  Manifest manifest_of(const BackupSession::Committed& committed, const std::string& store = "a") {
    auto member = bench.raw_member(store);
    return std::get<StandingManifest>(what_stands(member, bench.keys, committed.key)).manifest;
  }

  /// Every operation of the next backup, in the order in which they ended.
  std::vector<Operation> record(const std::function<void()>& body) {
    std::mutex mutex;
    std::vector<Operation> operations;
    bench.hooks.after = [&](const Operation& operation) {
      const std::lock_guard lock(mutex);
      operations.push_back(operation);
    };
    body();
    bench.hooks.after = {};
    return operations;
  }

  std::vector<IndexObject> indexes(const std::string& store) {
    std::vector<IndexObject> out;
    auto member = bench.raw_member(store);
    for (const auto& key : bench.keys_in(store, "index/")) out.push_back(*read_index(member, bench.keys, key, {}));
    return out;
  }

  Bench bench;
  const std::vector<Bytes> blobs = some_blobs(8);
};

std::size_t count(const std::vector<Operation>& operations, const std::string& verb, const std::string& prefix) {
  return static_cast<std::size_t>(std::ranges::count_if(
      operations, [&](const Operation& o) { return o.verb == verb && o.key.starts_with(prefix); }));
}

TEST_F(BackupSessionTest, ABackupIsWholeInEveryStore) {
  const auto ran = bench.back_up(blobs);
  EXPECT_THAT(ran.committed.stores, ElementsAre("a", "b"));
  EXPECT_EQ(ran.committed.sequence, 1U);
  EXPECT_EQ(ran.stored_blobs, blobs.size());
  EXPECT_THAT(bench.read_all({"a"}), ElementsAre(blobs));
  EXPECT_THAT(bench.read_all({"b"}), ElementsAre(blobs));
  EXPECT_GT(bench.keys_in("a", "packs/d/").size(), 2U) << "the test is to make several packs";
  EXPECT_EQ(bench.keys_in("a", "packs/"), bench.keys_in("b", "packs/"));
  EXPECT_THAT(bench.monitor.warnings(), IsEmpty());
}

TEST(PackUploader, PacksAreAsLargeAsTheMemoryForThemAllows) {
  constexpr std::uint64_t mib = 1 << 20;
  EXPECT_EQ(PackUploader::largest_pack(160 * mib, 2), 38 * mib);
  EXPECT_EQ(PackUploader::largest_pack(40 * mib, 2), 8 * mib);
  EXPECT_EQ(PackUploader::largest_pack(40 * mib, 8), 2 * mib);
  EXPECT_EQ(PackUploader::largest_pack(0, 2), 1 * mib) << "a pack must hold something";
}

TEST_F(BackupSessionTest, LittleMemoryMakesSmallPacksAndAHandedOverPackIsUploadedUnasked) {
  auto options = bench.options();
  options.pack_bytes = 32u << 20;
  options.buffer_bytes = 0;
  auto stores = bench.raw_stores();
  BackupSession session(stores, bench.keys, options, bench.clock, bench.random, bench.monitor, {});
  std::uint8_t number = 0;
  for (const auto& blob : some_blobs(5, 600'000)) {
    session.append(crypto::BlobKind::pages, {++number}, codec::Codec::stored, blob,
                   static_cast<std::uint32_t>(blob.size()));
  }
  session.flush_data();
  EXPECT_THAT(bench.keys_in("a", "packs/d/"), SizeIs(3)) << "of a MiB each, rather than one of 32";

  session.append(crypto::BlobKind::pages, {++number}, codec::Codec::stored, blobs[0],
                 static_cast<std::uint32_t>(blobs[0].size()));
  session.hand_over_data();
  const auto is_there = [&] { return bench.keys_in("a", "packs/d/").size() == 4; };
  for (int i = 0; i < 6000 && !is_there(); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(is_there());
}

TEST_F(BackupSessionTest, TheManifestSaysWhatTheBackupIs) {
  const auto ran = bench.back_up(blobs);
  const auto manifest = manifest_of(ran.committed);
  EXPECT_EQ(manifest.kind, "cluster");
  EXPECT_EQ(manifest.writer, bench.keys.writer);
  EXPECT_EQ(manifest.sequence, 1U);
  EXPECT_EQ(manifest.forerunner, (ByteArray<32>{}));
  EXPECT_EQ(manifest.packs.size(), bench.keys_in("a", "packs/").size());
  EXPECT_EQ(manifest.new_bytes, ran.committed.new_bytes);
  std::uint64_t stored = 0;
  for (const auto& pack : manifest.packs) stored += pack.size;
  EXPECT_EQ(ran.committed.new_bytes, stored) << "what was stored, to the byte";
}

TEST_F(BackupSessionTest, ASecondBackupOfTheSameStoresNoBlobAgain) {
  const auto first = bench.back_up(blobs);
  const auto packs = bench.keys_in("a", "packs/");
  bench.clock.advance(1h);
  const auto second = bench.back_up(blobs);
  EXPECT_EQ(second.stored_blobs, 0U);
  EXPECT_EQ(second.committed.new_bytes, 0U);
  EXPECT_EQ(bench.keys_in("a", "packs/"), packs);
  const auto manifest = manifest_of(second.committed);
  EXPECT_EQ(manifest.sequence, 2U);
  EXPECT_EQ(manifest.forerunner, first.committed.digest);
  EXPECT_THAT(bench.read_all(), ElementsAre(blobs, blobs));
}

TEST_F(BackupSessionTest, TheOrderOfWritesIsThatOfTheHeader) {
  Bench one({"a"});
  std::mutex mutex;
  std::vector<std::string> puts, reads;
  one.hooks.after = [&](const Operation& operation) {
    const std::lock_guard lock(mutex);
    (operation.verb == "put" ? puts : reads).push_back(operation.key.substr(0, operation.key.find('/')));
  };
  one.back_up(blobs);
  EXPECT_EQ(puts.front(), "leases");
  EXPECT_EQ(puts.back(), "leases") << "its end";
  const auto last = [&](const std::string& what) {
    return std::ranges::find(puts | std::views::reverse, what).base() - puts.begin();
  };
  EXPECT_LT(last("packs"), last("index"));
  EXPECT_LT(last("index"), last("backups"));
  EXPECT_LT(last("backups"), last("leases"));
  EXPECT_THAT(std::vector<std::string>(reads.begin(), reads.begin() + 3), ElementsAre("trash", "index", "backups"));
}

TEST_F(BackupSessionTest, CostsTheRequestsThatItMust) {
  bench.back_up(blobs);
  bench.clock.advance(1h);
  const auto operations = record([&] { bench.back_up(blobs); });
  const auto in_a = [&](const std::string& verb) {
    return std::ranges::count_if(operations, [&](const Operation& o) { return o.store == "a" && o.verb == verb; });
  };
  EXPECT_EQ(in_a("list"), 4) << "trash, index, backups, leases";
  EXPECT_EQ(in_a("put"), 3) << "lease, manifest, end of the lease";
  EXPECT_EQ(count(operations, "list", "packs/"), 0U);
  EXPECT_EQ(in_a("remove"), 0);
}

TEST_F(BackupSessionTest, AMissingStoreIsLeftOutAndTheOthersCommit) {
  bench.hooks.before = [](const Operation& operation) {
    if (operation.store == "b" && operation.key.starts_with("packs/")) throw Error(ErrorKind::denied, "no more rights");
  };
  const auto ran = bench.back_up(blobs);
  EXPECT_THAT(ran.committed.stores, ElementsAre("a"));
  EXPECT_THAT(bench.read_all({"a"}), ElementsAre(blobs));
  EXPECT_THAT(bench.keys_in("b", "backups/"), IsEmpty());
  EXPECT_THAT(bench.monitor.warnings(),
              ElementsAre(HasSubstr("store b takes no further part in this run: no more rights")));
}

TEST_F(BackupSessionTest, WhatOneStoreLacksIsNotKnown) {
  bench.hooks.before = [](const Operation& operation) {
    if (operation.store == "b") throw Error(ErrorKind::unreachable, "down");
  };
  bench.back_up(blobs);
  bench.hooks.before = {};
  bench.clock.advance(1h);
  const auto second = bench.back_up(blobs);
  EXPECT_EQ(second.stored_blobs, blobs.size()) << "store b has none of it";
  EXPECT_THAT(second.committed.stores, ElementsAre("a", "b"));
  EXPECT_THAT(bench.read_all({"b"}), ElementsAre(blobs));
  EXPECT_THAT(bench.monitor.warnings(),
              Contains("store b is 1 backup behind in cluster testdb: it has none, store a has number 1"));
}

TEST_F(BackupSessionTest, WhenAllStoresFailTheRunFailsAndCommitsNothing) {
  bench.hooks.before = [](const Operation& operation) {
    if (operation.key.starts_with("packs/")) throw Error(ErrorKind::disk_full, "full");
  };
  // The last store's own error, or, for whoever comes a moment later, that none is left.
  EXPECT_THAT(error_of([&] { bench.back_up(blobs); }).kind(),
              testing::AnyOf(ErrorKind::disk_full, ErrorKind::unreachable));
  EXPECT_THAT(bench.read_all(), IsEmpty());
}

TEST_F(BackupSessionTest, APackThatIsGoneBeforeTheCommitLeavesThatStoreOut) {
  bench.before_commit = [&](BackupSession&) {
    const auto pack = bench.keys_in("b", "packs/d/").front();
    bench.raw("b").remove(pack, {});
  };
  const auto ran = bench.back_up(blobs);
  EXPECT_THAT(ran.committed.stores, ElementsAre("a"));
  EXPECT_THAT(bench.keys_in("b", "backups/"), IsEmpty());
  EXPECT_THAT(bench.monitor.warnings(),
              ElementsAre(AllOf(HasSubstr("store b"), HasSubstr("packs/d/202611/"), HasSubstr("is not there"))));
}

TEST_F(BackupSessionTest, APackOfAnotherSizeIsNotThere) {
  bench.before_commit = [&](BackupSession&) {
    const auto pack = bench.keys_in("b", "packs/d/").front();
    auto bytes = *bench.raw("b").get(pack, {});
    bytes.pop_back();
    bench.raw("b").overwrite(pack, bytes);
  };
  EXPECT_THAT(bench.back_up(blobs).committed.stores, ElementsAre("a"));
}

TEST_F(BackupSessionTest, AStoreThatIsNotReadyIsLeftOut) {
  bench.ready_in = [](StoreSet::Member& member) {
    if (member.name == "a") throw Error(ErrorKind::not_found, "WAL segment 12 is not in store a");
  };
  EXPECT_THAT(bench.back_up(blobs).committed.stores, ElementsAre("b"));
  EXPECT_THAT(bench.monitor.warnings(), ElementsAre(HasSubstr("WAL segment 12 is not in store a")));
  bench.ready_in = [](StoreSet::Member&) { throw Error(ErrorKind::not_found, "no WAL"); };
  EXPECT_EQ(error_of([&] { bench.back_up(blobs); }).kind(), ErrorKind::not_found);
}

TEST_F(BackupSessionTest, WithoutCommitNothingWasMade) {
  auto set = bench.stores();
  {
    BackupSession session(set, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
    session.append(crypto::BlobKind::bytes, {}, codec::Codec::stored, blobs[0], 3000);
    session.put_metadata(blobs[1]);
  }
  EXPECT_THAT(bench.read_all(), IsEmpty());
  EXPECT_THAT(bench.keys_in("a", "leases/"), SizeIs(2)) << "the lease has ended";
}

TEST_F(BackupSessionTest, FindsWhatItAppendedItself) {
  auto set = bench.stores();
  BackupSession session(set, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
  const crypto::BlobName name = crypto::counting<16>(1);
  EXPECT_FALSE(session.find(name, 3000));
  const auto ref = session.append(crypto::BlobKind::bytes, name, codec::Codec::stored, blobs[0], 3000);
  const auto found = session.find(name, 3000);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pack, ref.pack);
  EXPECT_EQ(found->entry, ref.entry);
  EXPECT_EQ(session.known_blobs(), 1U);
  const auto leaf = session.put_metadata(blobs[1]), same = session.put_metadata(blobs[1]);
  EXPECT_EQ(leaf.pack, same.pack);
  EXPECT_EQ(leaf.entry, same.entry);
}

TEST_F(BackupSessionTest, TakesABlobThatIsLargerThanAPack) {
  const std::vector<Bytes> large{Bytes(5 << 20, 'x'), some_blobs(1, 3 << 20)[0], some_blobs(1, 100)[0]};
  EXPECT_EQ(bench.back_up(large).stored_blobs, 3U);
  EXPECT_THAT(bench.read_all(), ElementsAre(large));
}

TEST_F(BackupSessionTest, ManyThreadsAppendAtOnce) {
  auto set = bench.stores();
  const auto many = some_blobs(200, 500);
  BackupSession session(set, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
  Guarded<std::map<std::size_t, BlobRef>> refs;
  parallel_for(many.size(), 8, {}, [&](std::size_t i, const std::stop_token&) {
    crypto::Namer namer(bench.keys.writer_naming);
    const auto name = namer.name(crypto::BlobKind::bytes, many[i]);
    session.find(name, 1);
    const auto ref = session.append(crypto::BlobKind::bytes, name, codec::Codec::stored, many[i],
                                    static_cast<std::uint32_t>(many[i].size()));
    session.put_metadata(many[i]);
    refs.lock()->emplace(i, ref);
  });
  session.flush_data();
  auto raw = bench.raw_stores();
  BlobReader reader(raw, bench.keys, bench.secrets);
  for (const auto& [i, ref] : *refs.lock())
    EXPECT_EQ(reader.read_one(session.pack(ref.pack), ref.entry, ref.name), many[i]);
}

/// Whoever fills faster than the stores take must wait, with a fixed number of packs in memory.
TEST_F(BackupSessionTest, HoldsOnlySoManyPacksInMemory) {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  bench.hooks.before = [&](const Operation& operation) {
    if (operation.verb != "put" || !operation.key.starts_with("packs/")) return;
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open; });
  };
  auto set = bench.stores();
  BackupSession session(set, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
  std::atomic<std::size_t> appended = 0;
  std::jthread filler([&] {
    for (std::uint8_t i = 0; i < 20; ++i) {
      session.append(crypto::BlobKind::bytes, crypto::counting<16>(i), codec::Codec::stored, Bytes(9000, i), 9000);
      ++appended;
    }
  });
  const std::size_t most = bench.options().uploads + 2;
  while (appended < most) std::this_thread::yield();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(appended, most) << "each blob fills a pack of its own";
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  changed.notify_all();
  filler.join();
  session.flush_data();
  EXPECT_THAT(bench.keys_in("a", "packs/d/"), SizeIs(20));
}

TEST_F(BackupSessionTest, IndexesEveryFiveMinutes) {
  auto set = bench.stores();
  BackupSession session(set, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
  const auto store_pack = [&](std::uint8_t i) {
    session.append(crypto::BlobKind::bytes, crypto::counting<16>(i), codec::Codec::stored, Bytes(9000, i), 9000);
    session.flush_data();
  };
  store_pack(0);
  EXPECT_THAT(indexes("a"), IsEmpty());
  bench.clock.advance(5min);
  store_pack(1);
  ASSERT_THAT(indexes("b"), SizeIs(1));
  EXPECT_THAT(indexes("b")[0].packs, SizeIs(2));
  EXPECT_EQ(indexes("b")[0].owner, keys::manifest(session.manifest_key()));
  store_pack(2);
  EXPECT_THAT(indexes("a"), SizeIs(1));
}

TEST_F(BackupSessionTest, IndexesEvery256Packs) {
  Bench one({"a"});
  auto set = one.stores();
  auto options = one.options();
  options.pack_bytes = 1;
  BackupSession session(set, one.keys, options, one.clock, one.random, one.monitor, {});
  for (std::uint32_t i = 0; i < 256; ++i) {
    EXPECT_THAT(one.keys_in("a", "index/"), IsEmpty());
    session.append(crypto::BlobKind::bytes, one.random.array<16>(), codec::Codec::stored, Bytes(10), 10);
    session.flush_data();
  }
  EXPECT_THAT(one.keys_in("a", "index/"), SizeIs(1));
}

TEST_F(BackupSessionTest, WhatATrashObjectNamesIsAbsent) {
  bench.back_up(blobs);
  auto b = bench.raw_member("b");
  const auto doomed = bench.keys_in("b", "packs/d/").front();
  put_trash(b, bench.keys, {{doomed}, "host", {}}, bench.clock, bench.random);
  bench.clock.advance(1h);
  const auto second = bench.back_up(blobs);
  EXPECT_GT(second.stored_blobs, 0U);
  EXPECT_LT(second.stored_blobs, blobs.size());
  for (const auto& pack : manifest_of(second.committed).packs) EXPECT_NE(keys::pack(pack), doomed);
}

TEST_F(BackupSessionTest, ATrashObjectThatNobodyCanReadMayNameAnything) {
  bench.back_up(blobs);
  bench.raw("b").overwrite(keys::trash(crypto::counting<16>(1)), Bytes(100));
  bench.clock.advance(1h);
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, blobs.size());
  EXPECT_THAT(bench.monitor.warnings(),
              ElementsAre(HasSubstr("store b: what is about to be deleted there can't be told")));
  EXPECT_THAT(bench.read_all(), ElementsAre(blobs, blobs));
}

TEST_F(BackupSessionTest, AnIndexThatIsDamagedCostsSpaceAndIsTold) {
  bench.back_up(blobs);
  for (const auto* store : {"a", "b"}) bench.raw(store).overwrite(bench.keys_in(store, "index/").front(), Bytes(200));
  bench.clock.advance(1h);
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, blobs.size());
  EXPECT_THAT(bench.monitor.warnings(), ElementsAre(HasSubstr("is stored again")));
  EXPECT_THAT(bench.read_all(), ElementsAre(blobs, blobs));
}

TEST_F(BackupSessionTest, AnIndexThatOneStoreHasDamagedIsReadFromTheOther) {
  bench.back_up(blobs);
  bench.raw("a").overwrite(bench.keys_in("a", "index/").front(), Bytes(200));
  bench.clock.advance(1h);
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, 0U);
}

TEST_F(BackupSessionTest, OtherWritersPacksAreNotKnown) {
  bench.back_up(blobs);
  bench.clock.advance(1h);
  bench.keys.writer = crypto::counting<8>(0x99);
  bench.keys.writer_naming = crypto::derive_writer_naming(bench.secrets[0].h, bench.keys.writer);
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, blobs.size());
  EXPECT_THAT(bench.read_all(), ElementsAre(blobs, blobs)) << "reading takes every writer's";
}

TEST_F(BackupSessionTest, WarnsOfAStoreThatLostBackups) {
  std::vector<BackupSession::Committed> made;
  for (int i = 0; i < 3; ++i) {
    made.push_back(bench.back_up(blobs).committed);
    bench.clock.advance(1h);
  }
  bench.raw("b").remove(made[1].key, {});
  bench.raw("b").remove(made[2].key, {});
  const auto next = bench.back_up(blobs).committed;
  EXPECT_EQ(next.sequence, 4U);
  EXPECT_EQ(manifest_of(next).forerunner, made[2].digest);
  EXPECT_THAT(
      bench.monitor.warnings(),
      ElementsAre("store b has lost 2 backups of cluster testdb that this host put there: numbers 2 and 3; the newest "
                  "there is number 1"));
}

TEST_F(BackupSessionTest, ANumberIsNeverUsedTwiceAlsoWhereEveryStoreWasRolledBack) {
  const auto first = bench.back_up(blobs).committed;
  bench.clock.advance(1h);
  const auto second = bench.back_up(blobs).committed;
  for (const auto* store : {"a", "b"}) bench.raw(store).remove(second.key, {});
  bench.clock.advance(1h);
  const auto third = bench.back_up(blobs).committed;
  EXPECT_EQ(third.sequence, 3U);
  EXPECT_EQ(manifest_of(third).forerunner, first.digest);
  EXPECT_THAT(bench.monitor.warnings(), SizeIs(2));
}

TEST_F(BackupSessionTest, WarnsOfAnotherManifestWithTheSameNumber) {
  const auto first = bench.back_up(blobs).committed;
  HeadFile(bench.state.path() / "heads.json")
      .add("a", "cluster/" + name_ids(bench.keys, "cluster", "testdb")[0], "testdb", first.key, {1, {}});
  bench.clock.advance(1h);
  bench.back_up(blobs);
  EXPECT_THAT(bench.monitor.warnings(),
              ElementsAre("store a shows another history of cluster testdb: its number 1 is " +
                          to_text(Head{1, first.digest}) + ", and this host put 1/00000000 there"));
}

TEST_F(BackupSessionTest, TheFirstCommitOfASourceRemembersItsHead) {
  const auto committed = bench.back_up(blobs).committed;
  const HeadFile heads(bench.state.path() / "heads.json");
  const auto source = "cluster/" + name_ids(bench.keys, "cluster", "testdb")[0];
  for (const auto* store : {"a", "b"}) {
    ASSERT_TRUE(heads.find(store, source));
    EXPECT_EQ(heads.find(store, source)->newest.digest, committed.digest);
    EXPECT_THAT(heads.find(store, source)->backups, ElementsAre(std::pair(committed.key, std::uint64_t{1})));
  }
}

TEST_F(BackupSessionTest, AStopEndsItCleanly) {
  std::stop_source source;
  bench.before_commit = [&](BackupSession&) { source.request_stop(); };
  auto set = bench.stores();
  EXPECT_EQ(error_of([&] { bench.back_up(set, blobs, source.get_token()); }).kind(), ErrorKind::cancelled);
  EXPECT_THAT(bench.read_all(), IsEmpty());
}

TEST_F(BackupSessionTest, WhereTheManifestMayStillLandTheLeaseStaysOpen) {
  bench.hooks.before = [](const Operation& operation) {
    if (operation.verb == "put" && operation.key.starts_with("backups/")) throw Error(ErrorKind::timeout, "no answer");
  };
  EXPECT_EQ(error_of([&] { bench.back_up(blobs); }).kind(), ErrorKind::timeout);
  for (const auto* store : {"a", "b"}) EXPECT_THAT(bench.keys_in(store, "leases/"), SizeIs(1)) << "no end";
}

TEST_F(BackupSessionTest, AnnouncesWalInTheLease) {
  auto set = bench.stores();
  BackupSession session(set, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
  session.announce_wal(42, 1, 0x2000028);
  auto member = bench.raw_member("b");
  std::vector<std::string> damaged;
  const auto leases = list_leases(member, bench.keys, damaged);
  ASSERT_THAT(leases, SizeIs(1));
  EXPECT_EQ(leases[0].body.wal_start, 0x2000028U);
  EXPECT_EQ(leases[0].body.purpose, "backup cluster testdb");
  EXPECT_EQ(leases[0].body.manifest_key, keys::manifest(session.manifest_key()));
}

TEST_F(BackupSessionTest, LeaksNoNameIntoTheStore) {
  bench.back_up(blobs);
  for (const auto& key : bench.keys_in("a", "")) {
    EXPECT_THAT(key, Not(HasSubstr("testdb")));
    const auto bytes = *bench.raw("a").get(key, {});
    EXPECT_THAT(std::string(as_text(bytes)), Not(HasSubstr("testdb"))) << key;
  }
}

}  // namespace
}  // namespace owl::repository
