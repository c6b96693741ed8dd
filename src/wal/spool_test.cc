#include "wal/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal/level.h"
#include "wal/service_bench.h"

namespace owl::wal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SpoolTest : public testing::Test {
 protected:
  std::unique_ptr<WalWriter> writer(std::uint64_t number) {
    bench_.put(number);
    auto& a = bench_.archive;
    auto file = WalFileReader(a.keys, 1).read(bench_.source(number), [](const auto&...) { return std::nullopt; });
    return std::make_unique<WalWriter>(std::move(file), a.keys, a.clock, a.random, a.monitor);
  }

  test::ServiceBench bench_;
  const std::filesystem::path folder_ = bench_.folder / "spool";
};

TEST_F(SpoolTest, OutlivesItsProcess) {
  {
    Spool spool(folder_, 1 << 20);
    EXPECT_TRUE(spool.take(*writer(3), {}));
    EXPECT_TRUE(spool.take(*writer(4), {}));
  }
  Spool again(folder_, 1 << 20);
  EXPECT_EQ(again.state().files, 2u);
  EXPECT_GT(again.state().bytes, 0u);
  EXPECT_THAT(again.keys(), ElementsAre(bench_.key(3), bench_.key(4)));
  EXPECT_NO_THROW(check_wal_object(bench_.archive.keys, bench_.key(3), *again.member().store->get(bench_.key(3))));
}

TEST_F(SpoolTest, IsBounded) {
  auto first = writer(3), second = writer(4);
  Spool probe(bench_.folder / "probe", 1 << 20);
  ASSERT_TRUE(probe.take(*first, {}) && probe.take(*second, {}));
  Spool spool(folder_, probe.state().bytes - 1);  // room for either, not for both
  EXPECT_TRUE(spool.take(*first, {}));
  EXPECT_FALSE(spool.take(*second, {}));
  EXPECT_TRUE(spool.take(*first, {})) << "the same again takes no room";
  EXPECT_EQ(spool.state().files, 1u);
  spool.remove(bench_.key(3), {});
  EXPECT_EQ(spool.state().bytes, 0u);
  EXPECT_TRUE(spool.take(*second, {}));
}

TEST_F(SpoolTest, GoesToEveryStoreAndIsEmptyThen) {
  bench_.options.spool = folder_;
  ASSERT_TRUE(bench_.archiver().spool()->take(*writer(3), {}));
  bench_.kill("b");
  auto& a = bench_.archive;
  EXPECT_EQ(drain_spool(bench_.archiver(), a.keys, a.monitor, {}), 0u);
  EXPECT_EQ(bench_.archiver().spool()->state().files, 1u) << "it stays until it is in all of them";
  bench_.heal();
  EXPECT_EQ(drain_spool(bench_.archiver(), a.keys, a.monitor, {}), 1u);
  EXPECT_THAT(bench_.archiver().spool()->keys(), IsEmpty());
  EXPECT_EQ(*a.a->get(bench_.key(3), {}), *a.b->get(bench_.key(3), {}));
}

}  // namespace
}  // namespace owl::wal
