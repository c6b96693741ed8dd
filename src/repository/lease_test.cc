#include "repository/lease.h"

#include <unistd.h>

#include "crypto/sealed_object.h"
#include "repository/manifest.h"
#include "repository/standing.h"
#include "repository/test_samples.h"
#include "repository/test_support.h"

namespace owl::repository {
namespace {

using namespace std::chrono_literals;
using storage::error_of;
using test::Bench;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LeaseTest : public testing::Test {
 protected:
  FoundLease only_lease(const std::string& store = "a") {
    auto member = bench.raw_member(store);
    damaged.clear();
    auto found = list_leases(member, bench.keys, damaged);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? FoundLease{} : found.front();
  }
  bool fence_it(const FoundLease& lease) {
    auto member = bench.raw_member("a");
    return fence(member, bench.keys, lease, "a test", bench.clock, bench.random);
  }
  Bytes seal(crypto::ObjectType type, const std::string& key, ByteView plain) {
    return crypto::seal_object(bench.keys.current(), bench.keys.repository, type, key, plain, bench.random);
  }

  Bench bench;
  StoreSet set = bench.stores();
  const RandomId id = crypto::counting<16>(0x30);
  std::vector<std::string> damaged;
};

TEST_F(LeaseTest, StandsInEveryStoreFromTheStartAndIsEndedOnce) {
  {
    Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
    for (const auto* store : {"a", "b"}) {
      const auto found = only_lease(store);
      EXPECT_EQ(found.id, id);
      EXPECT_FALSE(found.ended);
      EXPECT_EQ(found.body.purpose, "backup cluster renderowl");
      EXPECT_EQ(found.body.expires, bench.clock.now() + lease_lifetime);
    }
    lease.end();
    lease.end();
  }
  EXPECT_TRUE(only_lease("a").ended);
  EXPECT_THAT(bench.keys_in("b", "leases/"), ElementsAre(keys::lease(id, 1), keys::lease_end(id)));
}

TEST_F(LeaseTest, IsRenewedEveryTenMinutes) {
  Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
  for (int i = 0; i < 3; ++i) {
    bench.clock.wait_for_sleepers(1);
    bench.clock.advance(10min);
  }
  bench.clock.wait_for_sleepers(1);
  EXPECT_EQ(bench.keys_in("a", "leases/").size(), 4U);
  EXPECT_EQ(only_lease().body.expires, bench.clock.now() + lease_lifetime);
}

TEST_F(LeaseTest, AnnouncesWalAtOnce) {
  Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
  lease.announce_wal(42, 3, 0x5000028);
  const auto body = only_lease("b").body;
  EXPECT_EQ(body.wal_system, 42U);
  EXPECT_EQ(body.wal_timeline, 3U);
  EXPECT_EQ(body.wal_start, 0x5000028U);
}

TEST_F(LeaseTest, ARenewalThatFailsIsAWarningAndTheStoreStays) {
  Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
  bench.clock.wait_for_sleepers(1);
  bench.hooks.before = [](const test::Operation& operation) {
    if (operation.store == "a") throw Error(ErrorKind::denied, "no");
  };
  bench.clock.advance(10min);
  bench.clock.wait_for_sleepers(1);
  EXPECT_THAT(bench.monitor.warnings(), ElementsAre("store a: the lease of this run could not be renewed: no"));
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(bench.keys_in("b", "leases/").size(), 2U);
  bench.hooks.before = {};
}

TEST_F(LeaseTest, AStoreThatDoesNotTakeItDropsOut) {
  bench.hooks.before = [](const test::Operation& operation) {
    if (operation.store == "a") throw Error(ErrorKind::denied, "no");
  };
  Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
  EXPECT_THAT(set.dropped(), ElementsAre("a"));
}

TEST_F(LeaseTest, LeftOpenIsNotEndedByTheDestructor) {
  {
    Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
    lease.leave_open();
  }
  EXPECT_FALSE(only_lease().ended);
}

TEST_F(LeaseTest, DamagedCountsAsLivingForEver) {
  { Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random); }
  bench.raw("a").overwrite(keys::lease(id, 1), Bytes(200));
  bench.raw("a").remove(keys::lease_end(id), {});
  const auto found = only_lease();
  EXPECT_FALSE(found.readable);
  EXPECT_FALSE(found.ended);
  EXPECT_GT(found.body.expires, bench.clock.now() + 100'000h);
  EXPECT_THAT(damaged, ElementsAre(keys::lease(id, 1)));
  EXPECT_EQ(error_of([&] { fence_it(found); }).kind(), ErrorKind::refused);
}

TEST_F(LeaseTest, WithADamagedRenewalTheOneBeforeTellsWhoseItIs) {
  {
    Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
    lease.announce_wal(42, 3, 5);
    lease.leave_open();
  }
  bench.raw("a").overwrite(keys::lease(id, 2), Bytes(200));
  const auto found = only_lease();
  EXPECT_TRUE(found.readable);
  EXPECT_EQ(found.body.manifest_key, test::sample_manifest_key);
  EXPECT_GT(found.body.expires, bench.clock.now() + 100'000h) << "when it expires stood in the damaged one";
}

TEST_F(LeaseTest, AnEndThatIsForgedEndsNothing) {
  Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
  bench.raw("a").overwrite(keys::lease_end(id), Bytes(96));
  EXPECT_FALSE(only_lease().ended);
  EXPECT_THAT(damaged, ElementsAre(keys::lease_end(id)));
  const auto other = keys::lease_end(crypto::counting<16>(0x77));
  bench.raw("a").overwrite(keys::lease_end(id), seal(crypto::ObjectType::lease_end, other, {}));
  EXPECT_FALSE(only_lease().ended) << "the end of another lease";
}

TEST_F(LeaseTest, ForeignNamesAreNoLeases) {
  bench.raw("a").overwrite("leases/README", {});
  auto member = bench.raw_member("a");
  EXPECT_THAT(list_leases(member, bench.keys, damaged), IsEmpty());
}

TEST_F(LeaseTest, FencedNothingCanStandAtItsManifestsKey) {
  Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
  EXPECT_TRUE(fence_it(only_lease()));
  EXPECT_TRUE(fence_it(only_lease())) << "a second fence finds the first";
  auto member = bench.raw_member("a");
  const auto standing = what_stands(member, bench.keys, test::sample_manifest_key);
  ASSERT_TRUE(std::holds_alternative<VoidMarker>(standing));
  EXPECT_EQ(std::get<VoidMarker>(standing).reason, "a test");
}

TEST_F(LeaseTest, OfARunThatCommittedCanNotBeFenced) {
  Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
  bench.raw("a").overwrite(test::sample_manifest_key, seal(crypto::ObjectType::manifest, test::sample_manifest_key,
                                                           serialize(test::sample_manifest())));
  EXPECT_FALSE(fence_it(only_lease()));
}

TEST_F(LeaseTest, WhatSomebodyWithoutKeysPutThereIsNeitherVoidNorManifest) {
  Lease lease(set, bench.keys, id, test::sample_lease(), bench.clock, bench.random);
  auto forged = seal(crypto::ObjectType::manifest, "backups/elsewhere", serialize(test::sample_manifest()));
  bench.raw("a").overwrite(test::sample_manifest_key, forged);
  EXPECT_EQ(error_of([&] { fence_it(only_lease()); }).kind(), ErrorKind::integrity);
}

TEST_F(LeaseTest, AReadLeaseNeedsNoFence) {
  auto body = test::sample_lease();
  body.manifest_key.clear();
  Lease lease(set, bench.keys, id, body, bench.clock, bench.random);
  EXPECT_TRUE(fence_it(only_lease()));
  EXPECT_THAT(bench.keys_in("a", "backups/"), IsEmpty());
}

}  // namespace
}  // namespace owl::repository
