#include "storage/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/fault.h"
#include "storage/forwarding_store.h"
#include "storage/memory_store.h"
#include "storage/test_support.h"

namespace owl::storage {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class RetryTest : public testing::Test {
 protected:
  RetryTest() {
    for (const auto* key : {"a", "b", "c", "d"}) memory_->put_once(key, as_bytes(key));
  }
  StorePtr with(std::string_view faults, int retries = 8) {
    return with_retry(with_faults(memory_, value_or_throw(parse_fault_spec(faults)), clock_), {.retries = retries},
                      clock_, random_, meter_);
  }

  FakeClock clock_;
  FakeRandom random_;
  std::shared_ptr<MemoryStore> memory_ = std::make_shared<MemoryStore>("primary", clock_);
  std::shared_ptr<Meter> meter_ = std::make_shared<Meter>();
};

TEST_F(RetryTest, WhatCanPassIsTriedAgain) {
  for (const auto* kind : {"transient", "throttled", "timeout", "unreachable"}) {
    const auto store = with(std::string("fail@1:") + kind + ",fail@2:" + kind);
    EXPECT_EQ(as_text(*store->get("a")), "a") << kind;
  }
  EXPECT_THAT(clock_.slept(), SizeIs(8));
  EXPECT_EQ(meter_->read().retries, 8u);
  EXPECT_EQ(meter_->read().class_b, 8u);
}

TEST_F(RetryTest, EveryReadingOperationAndRemove) {
  EXPECT_TRUE(with("fail@1:transient")->get_range("a", {0, 1}));
  EXPECT_TRUE(with("fail@1:transient")->stat("a"));
  EXPECT_THAT(list_all(*with("fail@1:transient"), ""), SizeIs(4));
  EXPECT_NO_THROW(with("fail@1:transient")->list_folders(""));
  EXPECT_TRUE(with("fail@1:transient")->server_time());
  with("cut@1")->remove("a");
  EXPECT_FALSE(memory_->stat("a", {}));
  EXPECT_EQ(meter_->read().retries, 6u);
}

TEST_F(RetryTest, WhatCannotPassIsNot) {
  for (const auto* kind : {"denied", "config", "integrity", "disk_full", "cancelled"}) {
    const auto error = error_of([&] { with(std::string("fail@1:") + kind)->get("a"); });
    EXPECT_EQ(describe(error.kind()).name, kind);
    EXPECT_STREQ(error.what(), "cannot read a in primary (memory): a fault was injected");
  }
  EXPECT_THAT(clock_.slept(), SizeIs(0));
}

TEST_F(RetryTest, GivesUpAfterItsRetriesAndSaysSo) {
  const auto error = error_of([&] { with("fail%100:transient", 3)->get("a"); });
  EXPECT_EQ(error.kind(), ErrorKind::transient);
  EXPECT_STREQ(error.what(), "after 4 tries: cannot read a in primary (memory): a fault was injected");
  EXPECT_THAT(clock_.slept(), SizeIs(3));
}

TEST_F(RetryTest, PutOnceIsNotRepeated) {
  const auto error = error_of([&] { with("cut@1")->put_once("new", as_bytes("x")); });
  EXPECT_EQ(error.kind(), ErrorKind::transient);
  EXPECT_TRUE(memory_->stat("new", {}));
  EXPECT_THROW(with("fail@1:throttled")->put_once("newer", as_bytes("x")), Error);
  EXPECT_FALSE(memory_->stat("newer", {}));
  EXPECT_EQ(meter_->read().retries, 0u);
}

TEST_F(RetryTest, AStopEndsTheWait) {
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(error_of([&] { with("fail@1:transient")->list_folders("", source.get_token()); }).kind(),
            ErrorKind::cancelled);
}

/// Breaks off each listing after two keys, a few times.
class BreaksOff final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void list(const std::string& prefix, const std::string& start_after,
            const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) override {
    int left = 2;
    ForwardingStore::list(
        prefix, start_after,
        [&](const ObjectInfo& info) {
          if (left-- == 0) throw Error(ErrorKind::transient, "cut");
          return each(info);
        },
        stop);
  }
};

TEST_F(RetryTest, AListingGoesOnBehindTheLastKey) {
  const auto store = with_retry(std::make_shared<BreaksOff>(memory_), {}, clock_, random_);
  std::vector<std::string> keys;
  for (const auto& info : list_all(*store, "")) keys.push_back(info.key);
  EXPECT_THAT(keys, ElementsAre("a", "b", "c", "d"));
}

TEST_F(RetryTest, WhatTheCallbackThrowsIsNotRetried) {
  int calls = 0;
  const auto error = error_of([&] {
    with("")->list("", "", [&](const ObjectInfo&) -> bool {
      ++calls;
      throw Error(ErrorKind::transient, "mine");
    });
  });
  EXPECT_STREQ(error.what(), "mine");
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace owl::storage
