#include <unistd.h>

#include <algorithm>

#include "crypto/sealed_object.h"
#include "os/system.h"
#include "repository/test_support.h"
#include "repository/trash.h"

/// A run that died left packs behind that no index tells of: the next run of the same writer takes them over.
namespace owl::repository {
namespace {

using namespace std::chrono_literals;
using test::Bench;
using test::Crash;
using test::Operation;
using test::some_blobs;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ResumeTest : public testing::Test {
 protected:
  /// A run that is killed when it has stored all its packs, before its index.
  void die_before_the_index() {
    bench.hooks.before = [this](const Operation& operation) {
      if (operation.verb == "put" && operation.key.starts_with("index/")) dead = true;
      if (dead) throw Crash();
    };
    EXPECT_THROW(bench.back_up(blobs), Crash);
    bench.hooks.before = {};
    dead = false;
  }

  /// As a process that has ended: what stands there is the lease that it had, without an end, of a process that is
  /// gone.
  void make_lease_of_a_dead_process() {
    for (const auto* name : {"a", "b"}) {
      auto member = bench.raw_member(name);
      std::vector<std::string> damaged;
      for (auto& lease : list_leases(member, bench.keys, damaged)) {
        lease.body.process = 0x7ffffff0;  // above the kernel's largest process id
        const auto key = keys::lease(lease.id, 1);
        bench.raw(name).overwrite(
            key, crypto::seal_object(bench.keys.current(), bench.keys.repository, crypto::ObjectType::lease, key,
                                     serialize(lease.body), bench.random));
      }
    }
  }

  std::size_t listings_of_packs(const std::function<void()>& body) {
    std::atomic<std::size_t> count = 0;
    bench.hooks.after = [&](const Operation& o) { count += o.verb == "list" && o.key.starts_with("packs/") ? 1 : 0; };
    body();
    bench.hooks.after = {};
    return count;
  }

  Bench bench;
  std::atomic<bool> dead = false;
  const std::vector<Bytes> blobs = some_blobs(8);
};

TEST_F(ResumeTest, TakesOverWhatADeadProcessOfThisHostStored) {
  die_before_the_index();
  make_lease_of_a_dead_process();
  bench.clock.advance(1min);
  const auto ran = bench.back_up(blobs);
  EXPECT_EQ(ran.stored_blobs, 0U);
  EXPECT_EQ(ran.committed.stores, (std::vector<std::string>{"a", "b"}));
  EXPECT_THAT(bench.read_all(), ElementsAre(blobs));
}

TEST_F(ResumeTest, LeavesAloneWhatMayStillLive) {
  die_before_the_index();
  bench.clock.advance(30min);
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, blobs.size()) << "this very process lives, and so may that run";
}

TEST_F(ResumeTest, AnExpiredLeaseIsEnough) {
  die_before_the_index();
  bench.clock.advance(61min);
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, 0U);
  EXPECT_THAT(bench.read_all(), ElementsAre(blobs));
}

TEST_F(ResumeTest, WhatWasTakenOverIsIndexedByTheRunThatTookIt) {
  die_before_the_index();
  bench.clock.advance(61min);
  bench.back_up(blobs);
  bench.clock.advance(61min);
  std::size_t stored = 99;
  listings_of_packs([&] { stored = bench.back_up(blobs).stored_blobs; });
  EXPECT_EQ(stored, 0U);
  bench.clock.advance(61min);
  EXPECT_EQ(listings_of_packs([&] { bench.back_up(blobs); }), 0U) << "settled: nothing is looked for any more";
}

TEST_F(ResumeTest, CostsNothingWhereNoRunDied) {
  bench.back_up(blobs);
  bench.clock.advance(61min);
  EXPECT_EQ(listings_of_packs([&] { bench.back_up(blobs); }), 0U);
}

TEST_F(ResumeTest, ARunThatFailedAndSaidSoIsTakenOverAtOnce) {
  bench.before_commit = [](BackupSession&) { throw Error(ErrorKind::process, "the server was restarted"); };
  EXPECT_THROW(bench.back_up(blobs), Error);
  bench.before_commit = {};
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, 0U);
}

TEST_F(ResumeTest, WhatTrashNamesIsLeftAlone) {
  die_before_the_index();
  for (const auto* name : {"a", "b"}) {
    auto member = bench.raw_member(name);
    put_trash(member, bench.keys, {bench.keys_in(name, "packs/"), "host", {}}, bench.clock, bench.random);
  }
  bench.clock.advance(61min);
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, blobs.size());
}

TEST_F(ResumeTest, WhatStandsInOneStoreOnlyIsStoredAgain) {
  die_before_the_index();
  const auto lost = bench.keys_in("b", "packs/d/").front();
  bench.raw("b").remove(lost, {});
  bench.clock.advance(61min);
  const auto known = bench.blobs_everywhere().size();
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, blobs.size() - known);
  EXPECT_THAT(bench.read_all({"b"}), ElementsAre(blobs));
}

TEST_F(ResumeTest, AnotherWritersPacksAreNotTaken) {
  die_before_the_index();
  bench.clock.advance(61min);
  const auto old_writer = bench.keys.writer;
  bench.keys.writer = crypto::counting<8>(0x99);
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, blobs.size());
  EXPECT_NE(bench.keys.writer, old_writer);
}

TEST_F(ResumeTest, PacksOfARunThatStillLivesAreNotTaken) {
  die_before_the_index();
  bench.clock.advance(61min);
  auto set = bench.stores();
  BackupSession living(set, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
  living.append(crypto::BlobKind::bytes, crypto::counting<16>(1), codec::Codec::stored, Bytes(9000), 9000);
  living.flush_data();
  bench.clock.advance(1min);
  auto other_set = bench.stores();
  BackupSession next(other_set, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
  EXPECT_FALSE(next.find(crypto::counting<16>(1), 9000));
  crypto::Namer namer(bench.keys.writer_naming);
  EXPECT_TRUE(next.find(namer.name(crypto::BlobKind::bytes, blobs[0]), static_cast<std::uint32_t>(blobs[0].size())));
}

TEST_F(ResumeTest, ADamagedOrphanIsStoredAgain) {
  die_before_the_index();
  for (const auto* name : {"a", "b"}) {
    const auto key = bench.keys_in(name, "packs/d/").front();
    auto bytes = *bench.raw(name).get(key, {});
    bytes[bytes.size() - 40] ^= 1;
    bench.raw(name).overwrite(key, bytes);
  }
  bench.clock.advance(61min);
  const auto ran = bench.back_up(blobs);
  EXPECT_GT(ran.stored_blobs, 0U);
  EXPECT_LT(ran.stored_blobs, blobs.size());
}

TEST_F(ResumeTest, APackIndexedByARunThatNeverCommittedIsAskedFor) {
  // Killed after the index: everything is indexed, but nothing proves that it is still there.
  bench.hooks.before = [this](const Operation& operation) {
    if (operation.verb == "put" && operation.key.starts_with("backups/")) dead = true;
    if (dead) throw Crash();
  };
  EXPECT_THROW(bench.back_up(blobs), Crash);
  bench.hooks.before = {};
  const auto lost = bench.keys_in("a", "packs/d/").back();
  bench.raw("a").remove(lost, {});
  bench.clock.advance(1min);
  const auto known = bench.blobs_everywhere().size();
  EXPECT_EQ(bench.back_up(blobs).stored_blobs, blobs.size() - known);
  EXPECT_THAT(bench.read_all({"a"}), ElementsAre(blobs));
}

TEST_F(ResumeTest, AVoidIsNoProofThatItsPacksAreThere) {
  // The run is fenced, and its packs swept, before its index is stored; then its index names what is gone.
  Bench one({"a"});
  std::atomic<bool> swept = false;
  one.hooks.before = [&](const Operation& operation) {
    if (operation.verb != "put" || !operation.key.starts_with("index/") || swept.exchange(true)) return;
    test::sweep(one, "a");
  };
  EXPECT_EQ(storage::error_of([&] { one.back_up(blobs); }).kind(), ErrorKind::integrity) << "its packs are not there";
  one.hooks.before = {};
  one.clock.advance(1min);
  EXPECT_EQ(one.back_up(blobs).stored_blobs, blobs.size());
  EXPECT_THAT(one.read_all(), ElementsAre(blobs));
}

}  // namespace
}  // namespace owl::repository
