// What a store that doesn't answer, or isn't the repository, does to the others and to what is asked of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal/archiver.h"
#include "wal/level.h"
#include "wal/test_support.h"

namespace owl::wal {
namespace {

using storage::error_of;

TEST(DeadStore, NothingIsAskedOfOneThatIsNotTheRepository) {
  test::ArchiveBench bench;
  int checks = 0, asked = 0;
  bool is_repository = false;
  const LaneOptions options{.uploads = 1, .breaker = {}, .check = [&](auto&) {
                              ++checks;
                              if (!is_repository) throw Error(ErrorKind::config, "there is no repository");
                            }};
  StoreLane lane({"a", bench.a, nullptr}, options, bench.clock, bench.monitor);
  const auto ask = [&] { lane.through_breaker([&] { ++asked; }); };
  EXPECT_EQ(error_of(ask).kind(), ErrorKind::config);
  EXPECT_EQ(asked, 0);

  is_repository = true;
  ask();
  ask();
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(checks, 2) << "once proven, it isn't asked again";

  // It went away: what comes back may be another folder.
  error_of([&] { lane.through_breaker([] { throw Error(ErrorKind::unreachable, "no answer"); }); });
  is_repository = false;
  EXPECT_EQ(error_of(ask).kind(), ErrorKind::config);
  EXPECT_EQ(asked, 2);
}

TEST(DeadStore, IsNotHeldAgainstTheOneThatLacksItsFiles) {
  test::ArchiveBench bench;
  bench.hooks.before = [](const repository::test::Operation& operation) {
    if (operation.store == "a") throw Error(ErrorKind::unreachable, "no answer");
  };
  Archiver archiver(bench.stores, bench.keys, {}, bench.clock, bench.random, bench.monitor);
  auto &dead = *archiver.lanes().at(0), &alive = *archiver.lanes().at(1);
  alive.add_missed(test::segment_name(1, 3));
  for (int i = 0; i < 10; ++i) level_missed(archiver, test::system_id, bench.keys, bench.monitor, {});
  EXPECT_TRUE(dead.state().breaker.open);
  EXPECT_FALSE(alive.state().breaker.open);
  EXPECT_EQ(alive.state().breaker.failures, 0u);
  EXPECT_EQ(alive.state().missed, 1u);
}

}  // namespace
}  // namespace owl::wal
