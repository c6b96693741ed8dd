#include "wal/level.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal/service_bench.h"

namespace owl::wal {
namespace {

using storage::error_of;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Segment 3 is in both stores; the others are to come.
class LevelTest : public testing::Test {
 protected:
  void SetUp() override {
    bench_.options.policy = {1};
    bench_.put(3);
    bench_.archiver().archive(bench_.source(3), {});
    ASSERT_TRUE(bench_.eventually([&] { return a_.get(bench_.key(3), {}) && b_.get(bench_.key(3), {}); }));
  }
  std::size_t level() {
    return level_missed(bench_.archiver(), bench_.system_id, bench_.archive.keys, bench_.archive.monitor, {});
  }

  test::ServiceBench bench_;
  storage::MemoryStore &a_ = *bench_.archive.a, &b_ = *bench_.archive.b;
};

TEST_F(LevelTest, CopiesWhatAStoreMissedAsItIsSealed) {
  b_.remove(bench_.key(3), {});
  bench_.lane(1).add_missed(bench_.name(3));
  EXPECT_EQ(level(), 1u);
  EXPECT_EQ(*b_.get(bench_.key(3), {}), *a_.get(bench_.key(3), {}));
  EXPECT_THAT(bench_.lane(1).missed(), IsEmpty());
}

TEST_F(LevelTest, WhatIsThereAlreadyIsProvenAndNotWrittenAgain) {
  bench_.lane(1).add_missed(bench_.name(3));
  EXPECT_EQ(level(), 1u);
  EXPECT_THAT(bench_.lane(1).missed(), IsEmpty());
}

TEST_F(LevelTest, WhatNoOtherStoreHasStaysMissed) {
  bench_.lane(1).add_missed(bench_.name(5));
  EXPECT_EQ(level(), 0u);
  EXPECT_THAT(bench_.lane(1).missed(), ElementsAre(bench_.name(5)));
}

TEST_F(LevelTest, ADamagedObjectIsNeverSpread) {
  b_.remove(bench_.key(3), {});
  auto bytes = *a_.get(bench_.key(3), {});
  bytes[bytes.size() / 2] ^= 1;
  a_.overwrite(bench_.key(3), std::move(bytes));
  bench_.lane(1).add_missed(bench_.name(3));
  EXPECT_EQ(level(), 0u);
  EXPECT_FALSE(b_.get(bench_.key(3), {}));
  EXPECT_THAT(bench_.archive.monitor.warnings(), Contains(HasSubstr("store b can't be brought level")));
}

TEST_F(LevelTest, OtherBytesInItsPlaceAreAConflict) {
  WalInfo info = check_wal_object(bench_.archive.keys, bench_.key(3), *a_.get(bench_.key(3), {}));
  info.tag[0] ^= 1;
  const auto forged =
      build_wal_object(bench_.archive.keys, bench_.key(3), info, Bytes(test::segment_size), 1, bench_.archive.random);
  Bytes bytes = forged.head;
  append(bytes, forged.payload);
  append(bytes, forged.footer);
  b_.overwrite(bench_.key(3), std::move(bytes));
  const auto error = error_of([&] {
    level_file(bench_.lane(1).member(), bench_.archive.stores.alive(), bench_.archive.keys, bench_.key(3), {});
  });
  EXPECT_EQ(error.kind(), ErrorKind::conflict);
  EXPECT_THAT(error.message(), HasSubstr("holds other bytes in store b than in the others"));
}

TEST_F(LevelTest, AStoreThatIsAwayIsAskedNoMoreThanItsBreakerAllows) {
  b_.remove(bench_.key(3), {});
  bench_.lane(1).add_missed(bench_.name(3));
  bench_.kill("b");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(level(), 0u);
  EXPECT_TRUE(bench_.lane(1).state().breaker.open);
  EXPECT_EQ(bench_.lane(1).state().breaker.failures, 3);
  bench_.heal();
  bench_.archive.clock.sleep(std::chrono::seconds(3), {});
  EXPECT_EQ(level(), 1u);
}

}  // namespace
}  // namespace owl::wal
