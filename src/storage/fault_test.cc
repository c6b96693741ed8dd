#include "storage/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "storage/memory_store.h"
#include "storage/test_support.h"

namespace owl::storage {
namespace {

namespace fs = std::filesystem;

class FaultTest : public testing::Test {
 protected:
  StorePtr with(std::string_view spec) { return with_faults(memory_, value_or_throw(parse_fault_spec(spec)), clock_); }

  FakeClock clock_;
  std::shared_ptr<MemoryStore> memory_ = std::make_shared<MemoryStore>("primary", clock_);
};

TEST(FaultSpec, ReadsTheWholeGrammar) {
  const auto spec = parse_fault_spec(
      "kill@17, "
      "kill+@18,fail@5:transient,fail%10:throttled,cut@3,late@2,lie@4,short%50,slow:50ms,slow@9:2s,seed=7,count=/tmp/"
      "n");
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->items.size(), 10u);
  EXPECT_EQ(spec->items[0].number, 17u);
  EXPECT_EQ(spec->items[3].percent, 10u);
  EXPECT_EQ(spec->items[3].kind, ErrorKind::throttled);
  EXPECT_EQ(spec->items[8].delay, std::chrono::milliseconds(50));
  EXPECT_EQ(spec->items[9].delay, std::chrono::seconds(2));
  EXPECT_EQ(spec->seed, 7u);
  EXPECT_EQ(spec->count_path, "/tmp/n");
  EXPECT_TRUE(parse_fault_spec("")->items.empty());
}

TEST(FaultSpec, RefusesWhatItDoesNotKnow) {
  for (const auto* text :
       {"kill", "kill@", "kill@/", "kill@0", "kill@x", "kill@1:x", "fail@1", "fail@1:bad", "fail%101:transient",
        "explode@1", "slow", "slow:", "slow:fast", "seed=", "count=", "kill@1,", "cut"}) {
    EXPECT_FALSE(parse_fault_spec(text)) << text;
  }
  EXPECT_EQ(parse_fault_spec("explode@1").error().message(), "\"explode@1\" is no fault");
}

TEST_F(FaultTest, FailDoesNothingElse) {
  const auto store = with("fail@2:disk_full");
  EXPECT_FALSE(store->stat("k"));
  const auto error = error_of([&] { store->put_once("k", as_bytes("x")); });
  EXPECT_EQ(error.kind(), ErrorKind::disk_full);
  EXPECT_STREQ(error.what(), "cannot store k in primary (memory): a fault was injected");
  EXPECT_FALSE(store->stat("k"));
}

TEST_F(FaultTest, CutStoresAndThenFails) {
  const auto store = with("cut@1");
  EXPECT_EQ(error_of([&] { store->put_once("k", as_bytes("x")); }).kind(), ErrorKind::transient);
  EXPECT_TRUE(store->stat("k"));
}

TEST_F(FaultTest, LateLandsTwoOperationsOn) {
  const auto store = with("late@1");
  EXPECT_EQ(error_of([&] { store->put_once("k", as_bytes("x")); }).kind(), ErrorKind::timeout);
  EXPECT_FALSE(store->stat("k"));
  EXPECT_TRUE(store->stat("k"));
}

TEST_F(FaultTest, APrefixMeansThePutsBelowIt) {
  const auto store = with("fail@backups/:denied");
  store->put_once("packs/a", as_bytes("x"));
  EXPECT_EQ(error_of([&] { store->put_once("backups/a", as_bytes("x")); }).kind(), ErrorKind::denied);
  EXPECT_FALSE(store->get("backups/a"));
}

TEST_F(FaultTest, LieAndShortDamageWhatIsRead) {
  memory_->put_once("k", as_bytes("12345678"));
  const auto store = with("lie@1,short@2,lie@3,lie@4");
  EXPECT_EQ(as_text(*store->get("k")), "1234%678");
  EXPECT_EQ(as_text(*store->get_range("k", {0, 8})), "1234");
  EXPECT_TRUE(store->stat("k"));
  EXPECT_FALSE(store->get("absent"));
  EXPECT_EQ(as_text(*store->get("k")), "12345678");
}

TEST_F(FaultTest, SlowTakesItsTime) {
  const auto store = with("slow:50ms,slow@2:1s");
  store->stat("k");
  EXPECT_EQ(clock_.monotonic(), std::chrono::milliseconds(50));
}

TEST_F(FaultTest, ChanceFollowsTheSeed) {
  const auto failures = [&](std::string_view spec) {
    const auto store = with(spec);
    std::string pattern;
    for (int i = 0; i < 200; ++i) {
      try {
        store->stat("k");
        pattern += '.';
      } catch (const Error&) {
        pattern += 'x';
      }
    }
    return pattern;
  };
  const auto first = failures("fail%25:transient,seed=1");
  EXPECT_EQ(first, failures("fail%25:transient,seed=1"));
  EXPECT_NE(first, failures("fail%25:transient,seed=2"));
  EXPECT_NEAR(static_cast<double>(std::ranges::count(first, 'x')), 50, 25);
  EXPECT_EQ(failures("fail%0:transient"), std::string(200, '.'));
  EXPECT_EQ(failures("fail%100:transient"), std::string(200, 'x'));
}

TEST_F(FaultTest, EveryOperationIsCounted) {
  const auto path = fs::temp_directory_path() / ("owl-fault-count-" + std::to_string(::getpid()));
  const auto store = with("count=" + path.native());
  store->put_once("k", as_bytes("x"));
  store->get("k");
  store->get_range("k", {0, 1});
  store->stat("k");
  list_all(*store, "");
  store->list_folders("");
  store->server_time();
  store->remove("k");
  int count = 0;
  std::ifstream(path) >> count;
  fs::remove(path);
  EXPECT_EQ(count, 8);
}

using FaultDeathTest = FaultTest;

TEST_F(FaultDeathTest, KillEndsTheProcessBeforeOrAfter) {
  testing::GTEST_FLAG(death_test_style) = "fast";
  EXPECT_EXIT(with("kill@1")->put_once("k", as_bytes("x")), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(with("kill+@1")->put_once("k", as_bytes("x")), testing::KilledBySignal(SIGKILL), "");
}

}  // namespace
}  // namespace owl::storage
