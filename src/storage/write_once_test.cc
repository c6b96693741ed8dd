#include "storage/write_once.h"

#include <gtest/gtest.h>

#include "storage/fault.h"
#include "storage/memory_store.h"
#include "storage/retry.h"
#include "storage/test_support.h"

namespace owl::storage {
namespace {

class CreateTest : public testing::Test {
 protected:
  StorePtr with(std::string_view spec) { return with_faults(memory_, value_or_throw(parse_fault_spec(spec)), clock_); }
  CreateResult create_in(const StorePtr& store, std::string_view text = "SALT1 body", std::size_t identity = 5) {
    const ByteView pieces[] = {as_bytes(text.substr(0, 3)), as_bytes(text.substr(3))};
    return create(*store, clock_, "k", pieces, identity);
  }

  FakeClock clock_;
  std::shared_ptr<MemoryStore> memory_ = std::make_shared<MemoryStore>("primary", clock_);
};

TEST_F(CreateTest, TheFirstCreates) {
  EXPECT_EQ(create_in(memory_), CreateResult::created);
  EXPECT_EQ(as_text(*memory_->get("k", {})), "SALT1 body");
}

TEST_F(CreateTest, SomebodyElsesStands) {
  memory_->put_once("k", as_bytes("SALT2 body"));
  EXPECT_EQ(create_in(memory_), CreateResult::other_stands);
}

TEST_F(CreateTest, AShorterOneIsSomebodyElses) {
  memory_->put_once("k", as_bytes("SAL"));
  EXPECT_EQ(create_in(memory_), CreateResult::other_stands);
}

TEST_F(CreateTest, OursAfterAnyAmbiguousAnswer) {
  for (const auto* spec : {"cut@1", "cut@1,cut@2,cut@4", "fail@1:timeout", "fail@1:throttled,fail@2:transient",
                           "late@1", "late@1,fail@2:transient", "cut@1,fail@3:transient"}) {
    memory_->remove("k", {});
    EXPECT_EQ(create_in(with(spec)), CreateResult::created) << spec;
    EXPECT_EQ(as_text(*memory_->get("k", {})), "SALT1 body") << spec;
  }
}

TEST_F(CreateTest, AnotherWhoCameBetweenWins) {
  memory_->put_once("k", as_bytes("SALT2 body"));
  EXPECT_EQ(create_in(with("fail@1:timeout")), CreateResult::other_stands);
}

TEST_F(CreateTest, WhatCannotPassEndsIt) {
  EXPECT_EQ(error_of([&] { create_in(with("fail@1:denied")); }).kind(), ErrorKind::denied);
  EXPECT_TRUE(clock_.slept().empty());
}

TEST_F(CreateTest, GivesUpAndSaysThatItDoesNotKnow) {
  const auto error = error_of([&] { create_in(with("fail%100:timeout")); });
  EXPECT_EQ(error.kind(), ErrorKind::timeout);
  EXPECT_STREQ(error.what(),
               "whether it is stored is not known after 5 tries: cannot store k in primary (memory): "
               "a fault was injected");
  EXPECT_EQ(clock_.slept().size(), 4u);
}

TEST_F(CreateTest, TriesAsOftenAsTheStoresRetriesSay) {
  FakeRandom random;
  const auto puts_of = [&](int retries) {
    const auto before = clock_.slept().size();
    const auto store = with_retry(with("fail%100:timeout"), {.retries = retries}, clock_, random);
    EXPECT_THROW(create_in(store), Error);
    return clock_.slept().size() - before + 1;
  };
  EXPECT_EQ(puts_of(12), 13u);
  EXPECT_EQ(puts_of(4), 5u);
  EXPECT_EQ(puts_of(0), 3u);  // or nobody would know what became of the first
}

TEST_F(CreateTest, AStopEndsIt) {
  std::stop_source source;
  source.request_stop();
  const ByteView pieces[] = {as_bytes("x")};
  EXPECT_EQ(error_of([&] { create(*memory_, clock_, "k", pieces, 1, {}, source.get_token()); }).kind(),
            ErrorKind::cancelled);
}

}  // namespace
}  // namespace owl::storage
