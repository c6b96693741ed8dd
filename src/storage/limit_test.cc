#include "storage/limit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/forwarding_store.h"
#include "storage/memory_store.h"
#include "storage/rate_limit.h"
#include "storage/test_support.h"

namespace owl::storage {
namespace {

using std::chrono::milliseconds;

/// Notes how many calls are inside at once.
class Crowded final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  std::optional<ObjectInfo> stat(const std::string& key, std::stop_token stop) override {
    const int inside = ++inside_;
    int most = most_;
    while (inside > most && !most_.compare_exchange_weak(most, inside)) continue;
    std::this_thread::sleep_for(milliseconds(20));
    --inside_;
    return ForwardingStore::stat(key, stop);
  }
  int most() const { return most_; }

 private:
  std::atomic<int> inside_{0}, most_{0};
};

TEST(Limit, OnlySoManyCallsAtOnce) {
  FakeClock clock;
  const auto crowded = std::make_shared<Crowded>(std::make_shared<MemoryStore>("primary", clock));
  const auto store = limited(crowded, {.connections = 3}, clock);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 12; ++i) threads.emplace_back([&] { store->stat("k"); });
  }
  EXPECT_EQ(crowded->most(), 3);
}

TEST(Limit, WaitingForAPlaceEndsWithAStop) {
  FakeClock clock;
  const auto crowded = std::make_shared<Crowded>(std::make_shared<MemoryStore>("primary", clock));
  const auto store = limited(crowded, {.connections = 1}, clock);
  std::jthread holder([&] { store->stat("k"); });
  std::this_thread::sleep_for(milliseconds(5));
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(error_of([&] { store->stat("k", source.get_token()); }).kind(), ErrorKind::cancelled);
}

TEST(Limit, AListingsCallbackMayCallTheStore) {
  FakeClock clock;
  const auto store = limited(std::make_shared<MemoryStore>("primary", clock), {.connections = 1}, clock);
  store->put_once("k", as_bytes("x"));
  store->list("", "", [&](const ObjectInfo& info) { return store->stat(info.key).has_value(); });
}

TEST(Limit, BytesTakeTheirTime) {
  FakeClock clock;
  const auto store = limited(std::make_shared<MemoryStore>("primary", clock),
                             {.upload_bytes_per_second = 1000, .download_bytes_per_second = 500}, clock);
  for (int i = 0; i < 4; ++i) store->put_once("k" + std::to_string(i), Bytes(1000));
  EXPECT_EQ(clock.monotonic(), std::chrono::seconds(3));  // the first went at once; the fourth is still owed
  for (int i = 0; i < 3; ++i) store->get("k0");
  EXPECT_EQ(clock.monotonic(), std::chrono::seconds(7));
}

TEST(RateLimit, NoLimitNeverWaits) {
  FakeClock clock;
  RateLimit limit(clock, 0);
  limit.pass(UINT64_MAX, {});
  limit.charge(UINT64_MAX);
  limit.wait({});
  EXPECT_TRUE(clock.slept().empty());
}

TEST(RateLimit, QuietTimeIsNotSavedUp) {
  FakeClock clock;
  RateLimit limit(clock, 1000);
  clock.sleep(std::chrono::hours(1), {});
  limit.pass(1000, {});
  limit.pass(1000, {});
  EXPECT_EQ(clock.monotonic(), std::chrono::hours(1) + std::chrono::seconds(1));
}

}  // namespace
}  // namespace owl::storage
