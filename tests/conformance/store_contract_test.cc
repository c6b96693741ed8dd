// The contract of ObjectStore (object_store.h), asked of every store alike.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <limits>
#include <thread>

#include "codec/hash.h"
#include "concurrency/task_group.h"
#include "conformance/subject.h"
#include "storage/test_support.h"
#include "storage/write_once.h"

namespace owl::storage {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

constexpr auto huge = std::numeric_limits<std::uint64_t>::max();

class StoreContract : public testing::TestWithParam<SubjectKind> {
 protected:
  ObjectStore& store() { return subject_.store(); }
  ObjectStore& another_client() { return subject_.another_client(); }
  void put(const std::string& key, std::string_view text = "x") {
    ASSERT_EQ(store().put_once(key, as_bytes(text)), PutOutcome::stored) << key;
  }
  std::string get(const std::string& key) {
    const auto bytes = store().get(key);
    return bytes ? std::string(as_text(*bytes)) : "(absent)";
  }
  std::string range(const std::string& key, std::optional<std::uint64_t> offset, std::uint64_t length) {
    const auto bytes = store().get_range(key, {offset, length});
    return bytes ? std::string(as_text(*bytes)) : "(absent)";
  }
  std::vector<std::string> keys(const std::string& prefix = {}, const std::string& start_after = {}) {
    std::vector<std::string> all;
    const auto add = [&](const ObjectInfo& info) {
      all.push_back(info.key);
      return true;
    };
    store().list(prefix, start_after, add);
    return all;
  }

 private:
  Subject subject_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Every, StoreContract,
                         testing::Values(SubjectKind::memory, SubjectKind::folder, SubjectKind::ceph, SubjectKind::r2),
                         [](const auto& instance) { return name_of(instance.param); });

TEST_P(StoreContract, WhatIsPutCanBeRead) {
  put("a/b", "hello");
  EXPECT_EQ(get("a/b"), "hello");
  const auto info = store().stat("a/b");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->key, "a/b");
  EXPECT_EQ(info->size, 5u);
  const auto age = system_clock().now() - info->modified;
  EXPECT_LT(std::chrono::abs(age), std::chrono::minutes(1));
}

TEST_P(StoreContract, WhatIsAbsentIsAnAnswer) {
  EXPECT_FALSE(store().get("absent"));
  EXPECT_FALSE(store().get_range("absent", {0, 10}));
  EXPECT_FALSE(store().get_range("absent", {0, 0}));
  EXPECT_FALSE(store().get_range("absent", {std::nullopt, 10}));
  EXPECT_FALSE(store().stat("absent"));
  EXPECT_FALSE(store().stat("absent/deeper"));
  EXPECT_THAT(keys("absent/"), IsEmpty());
  EXPECT_THAT(store().list_folders("absent/"), IsEmpty());
}

TEST_P(StoreContract, TheSecondPutIsRefusedAndChangesNothing) {
  put("k", "first");
  EXPECT_EQ(store().put_once("k", as_bytes("second")), PutOutcome::already_exists);
  EXPECT_EQ(another_client().put_once("k", as_bytes("third, and longer")), PutOutcome::already_exists);
  EXPECT_EQ(another_client().put_once("k", ByteView()), PutOutcome::already_exists);
  EXPECT_EQ(get("k"), "first");
}

TEST_P(StoreContract, OfSixteenAtOnceExactlyOneStores) {
  for (int round = 0; round < 4; ++round) {
    const auto key = "race/" + std::to_string(round);
    std::barrier start(16);
    std::vector<PutOutcome> outcomes(16, PutOutcome::already_exists);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < outcomes.size(); ++i) {
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          auto& client = i % 2 == 0 ? store() : another_client();
          outcomes[i] = client.put_once(key, as_bytes("writer " + std::to_string(i)));
        });
      }
    }
    ASSERT_EQ(std::ranges::count(outcomes, PutOutcome::stored), 1);
    const auto winner = std::ranges::find(outcomes, PutOutcome::stored) - outcomes.begin();
    EXPECT_EQ(get(key), "writer " + std::to_string(winner));
  }
}

TEST_P(StoreContract, PiecesBecomeOneObject) {
  const ByteView pieces[] = {as_bytes("one "), as_bytes(""), as_bytes("two "), as_bytes("three")};
  EXPECT_EQ(store().put_once("k", pieces, codec::sha256(as_bytes("one two three")), {}), PutOutcome::stored);
  EXPECT_EQ(get("k"), "one two three");
}

TEST_P(StoreContract, AnObjectMayBeEmpty) {
  put("empty", "");
  EXPECT_EQ(get("empty"), "");
  EXPECT_EQ(store().stat("empty")->size, 0u);
  EXPECT_EQ(range("empty", 0, 1), "");
  EXPECT_EQ(range("empty", 5, 1), "");
  EXPECT_EQ(range("empty", std::nullopt, 1), "");
  EXPECT_EQ(store().put_once("empty", as_bytes("x")), PutOutcome::already_exists);
  EXPECT_THAT(keys(), ElementsAre("empty"));
}

TEST_P(StoreContract, AnObjectMayBeLarge) {
  const auto bytes = pattern((33u << 20) + 7);
  const ByteView pieces[] = {ByteView(bytes).first(1 << 20), ByteView(bytes).subspan(1 << 20)};
  EXPECT_EQ(store().put_once("large", pieces, {}, {}), PutOutcome::stored);
  EXPECT_EQ(store().stat("large")->size, bytes.size());
  EXPECT_TRUE(equal(*store().get("large"), bytes));
  EXPECT_TRUE(equal(*store().get_range("large", {20u << 20, 1u << 20}), ByteView(bytes).subspan(20u << 20, 1u << 20)));
  EXPECT_TRUE(equal(*store().get_range("large", {std::nullopt, 100}), ByteView(bytes).last(100)));
}

TEST_P(StoreContract, RangesAtTheEdges) {
  put("k", "0123456789");
  const struct {
    std::optional<std::uint64_t> offset;
    std::uint64_t length;
    const char* expected;
  } cases[] = {
      {0, 1, "0"},
      {0, 10, "0123456789"},
      {0, 11, "0123456789"},
      {0, huge, "0123456789"},
      {9, 1, "9"},
      {9, 5, "9"},
      {10, 1, ""},
      {11, 1, ""},
      {5, 0, ""},
      {3, 4, "3456"},
      {std::nullopt, 1, "9"},
      {std::nullopt, 10, "0123456789"},
      {std::nullopt, 11, "0123456789"},
      {std::nullopt, 1u << 30, "0123456789"},
      {std::nullopt, 0, ""},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(range("k", test.offset, test.length), test.expected)
        << (test.offset ? std::to_string(*test.offset) : "suffix") << " " << test.length;
  }
}

TEST_P(StoreContract, EveryLegalLetterMayStandInAKey) {
  const std::vector<std::string> odd = {
      "-",        "..a", "._~-/~_.-", ".hidden/.also", "0",   "A", "ABCXYZabcxyz0123456789-._~", "a", "a-b", "a.",
      "a.b/c..d", "a_",  "a~",        "a~b/c",         "b/c", "~"};
  for (const auto& key : odd) put(key, key);
  put("long/" + std::string(255, 'k'), "long");
  for (const auto& key : odd) EXPECT_EQ(get(key), key);
  EXPECT_EQ(get("long/" + std::string(255, 'k')), "long");
  auto sorted = odd;
  sorted.push_back("long/" + std::string(255, 'k'));
  std::ranges::sort(sorted);
  EXPECT_THAT(keys(), ElementsAreArray(sorted));
}

TEST_P(StoreContract, KeysThatBreakTheContractAreRefused) {
  for (const std::string key : {"", "/a", "a/", "a//b", "..", "a/../b", "a b", "a%20b", "a?b", "a\\b", "\xc3\xa4"}) {
    EXPECT_EQ(error_of([&] { store().put_once(key, as_bytes("x")); }).kind(), ErrorKind::usage) << key;
    EXPECT_EQ(error_of([&] { store().get(key); }).kind(), ErrorKind::usage) << key;
    EXPECT_EQ(error_of([&] { store().stat(key); }).kind(), ErrorKind::usage) << key;
    EXPECT_EQ(error_of([&] { store().remove(key); }).kind(), ErrorKind::usage) << key;
  }
}

TEST_P(StoreContract, ListingIsInTheOrderOfWholeKeys) {
  for (const auto* key : {"a/c", "a-b", "a.b", "a0", "b/c/d", "b/c-d", "B"}) put(key);
  EXPECT_THAT(keys(), ElementsAre("B", "a-b", "a.b", "a/c", "a0", "b/c-d", "b/c/d"));
  EXPECT_THAT(keys("a"), ElementsAre("a-b", "a.b", "a/c", "a0"));
  EXPECT_THAT(keys("a/"), ElementsAre("a/c"));
  EXPECT_THAT(keys("b/c"), ElementsAre("b/c-d", "b/c/d"));
}

TEST_P(StoreContract, ListingTellsSizesAndTimes) {
  put("a", "12345");
  const auto all = list_all(store(), "");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].size, 5u);
  EXPECT_LT(std::chrono::abs(all[0].modified - store().stat("a")->modified), std::chrono::seconds(2));
}

TEST_P(StoreContract, ListingStartsAfter) {
  for (const auto* key : {"a", "b/1", "b/2", "b/3", "c"}) put(key);
  EXPECT_THAT(keys("", "b/1"), ElementsAre("b/2", "b/3", "c"));
  EXPECT_THAT(keys("", "b/15"), ElementsAre("b/2", "b/3", "c"));
  EXPECT_THAT(keys("", "b"), ElementsAre("b/1", "b/2", "b/3", "c"));
  EXPECT_THAT(keys("b/", "b/2"), ElementsAre("b/3"));
  EXPECT_THAT(keys("b/", "a"), ElementsAre("b/1", "b/2", "b/3"));
  EXPECT_THAT(keys("b/", "c"), IsEmpty());
  EXPECT_THAT(keys("", "z"), IsEmpty());
}

TEST_P(StoreContract, ListingEndsWhenTheCallbackHasSeenEnough) {
  for (const auto* key : {"a", "b", "c"}) put(key);
  std::vector<std::string> seen;
  store().list("", "", [&](const ObjectInfo& info) {
    seen.push_back(info.key);
    return seen.size() < 2;
  });
  EXPECT_THAT(seen, ElementsAre("a", "b"));
}

TEST_P(StoreContract, ACallbackMayThrow) {
  put("a");
  const auto error = error_of(
      [&] { store().list("", "", [](const ObjectInfo&) -> bool { throw Error(ErrorKind::conflict, "mine"); }); });
  EXPECT_STREQ(error.what(), "mine");
}

TEST_P(StoreContract, ACallbackMayCallTheStore) {
  for (const auto* key : {"a", "b", "c"}) put(key);
  store().list("", "", [&](const ObjectInfo& info) {
    store().remove(info.key);
    return true;
  });
  EXPECT_THAT(keys(), IsEmpty());
}

TEST_P(StoreContract, MoreThanAPageOfKeysIsListedWhole) {
  if (GetParam() == SubjectKind::r2) GTEST_SKIP() << "slow there; Ceph's pages are the same";
  std::vector<std::string> expected;
  for (int i = 0; i < 2100; ++i) expected.push_back("many/" + std::to_string(i % 7) + "/" + std::to_string(i));
  parallel_for(expected.size(), 8, {},
               [&](std::size_t i, const std::stop_token& stop) { store().put_once(expected[i], as_bytes("x"), stop); });
  std::ranges::sort(expected);
  EXPECT_THAT(keys(), ElementsAreArray(expected));
  EXPECT_THAT(keys("many/3/", "many/3/1000").size(), std::ranges::count_if(expected, [](const std::string& key) {
                return key.starts_with("many/3/") && key > "many/3/1000";
              }));
  EXPECT_THAT(store().list_folders("many/"), ElementsAre("0", "1", "2", "3", "4", "5", "6"));
}

TEST_P(StoreContract, FoldersAreTheNextComponents) {
  for (const auto* key : {"packs/d/202610/x", "packs/d/202611/y", "packs/d-file", "packs/m/1", "top", "packs.x/1"})
    put(key);
  EXPECT_THAT(store().list_folders(""), ElementsAre("packs", "packs.x"));
  EXPECT_THAT(store().list_folders("packs/"), ElementsAre("d", "m"));
  EXPECT_THAT(store().list_folders("packs/d/"), ElementsAre("202610", "202611"));
  EXPECT_THAT(store().list_folders("packs/m/"), IsEmpty());
  EXPECT_THAT(store().list_folders("top/"), IsEmpty());
}

TEST_P(StoreContract, WhatIsRemovedIsGone) {
  put("a/b/c");
  store().remove("a/b/c");
  EXPECT_FALSE(another_client().stat("a/b/c"));
  EXPECT_THAT(keys(), IsEmpty());
  EXPECT_THAT(store().list_folders(""), IsEmpty());
  EXPECT_NO_THROW(store().remove("a/b/c"));
  EXPECT_NO_THROW(store().remove("never/was"));
  put("a/b/c", "again");
  EXPECT_EQ(get("a/b/c"), "again");
}

TEST_P(StoreContract, EverybodySeesItAtOnce) {
  for (int i = 0; i < 20; ++i) {
    const auto key = "seen/" + std::to_string(100 + i);
    put(key);
    ASSERT_TRUE(another_client().stat(key));
    ASSERT_EQ(list_all(another_client(), "seen/").size(), static_cast<std::size_t>(i) + 1);
  }
}

TEST_P(StoreContract, ManyThreadsMayUseOneStore) {
  parallel_for(24, 8, {}, [&](std::size_t i, const std::stop_token& stop) {
    const auto key = "threads/" + std::to_string(i);
    const auto bytes = pattern(100'000 + i, i);
    ASSERT_EQ(store().put_once(key, bytes, stop), PutOutcome::stored);
    ASSERT_TRUE(equal(*store().get(key, stop), bytes));
    ASSERT_TRUE(equal(*store().get_range(key, {10, 20}, stop), ByteView(bytes).subspan(10, 20)));
    if (i % 2 == 0) store().remove(key, stop);
  });
  EXPECT_EQ(keys().size(), 12u);
}

TEST_P(StoreContract, OtherBytesThanAnnouncedAreNotStored) {
  if (GetParam() == SubjectKind::folder) GTEST_SKIP() << "nothing travels there, so nothing is hashed again";
  const ByteView pieces[] = {as_bytes("what was damaged on its way")};
  const auto error = error_of([&] { store().put_once("k", pieces, codec::sha256(as_bytes("what was meant")), {}); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_FALSE(store().stat("k"));
  put("k", "the next one is fine");
}

TEST_P(StoreContract, AStopBeforehandEndsEveryCall) {
  put("k");
  std::stop_source source;
  source.request_stop();
  const auto stop = source.get_token();
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { store().put_once("new", as_bytes("x"), stop); }, [&] { store().get("k", stop); },
           [&] {
             store().get_range("k", {0, 1}, stop);
           },
           [&] { store().stat("k", stop); },
           [&] {
             store().list(
                 "", "", [](const ObjectInfo&) { return true; }, stop);
           },
           [&] { store().list_folders("", stop); }, [&] { store().remove("k", stop); }}) {
    EXPECT_EQ(error_of(call).kind(), ErrorKind::cancelled);
  }
  EXPECT_THAT(keys(), ElementsAre("k"));
}

TEST_P(StoreContract, AStopEndsAListing) {
  for (int i = 0; i < 10; ++i) put("k" + std::to_string(i));
  std::stop_source source;
  int seen = 0;
  const auto error = error_of([&] {
    store().list(
        "", "",
        [&](const ObjectInfo&) {
          ++seen;
          source.request_stop();
          return true;
        },
        source.get_token());
  });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_EQ(seen, 1);
}

TEST_P(StoreContract, TheStoresClockIsNearOurs) {
  if (GetParam() == SubjectKind::folder) GTEST_SKIP() << "a folder has none of its own";
  if (GetParam() == SubjectKind::r2) GTEST_SKIP() << "the simulation sends no Date; R2 does";
  const auto time = store().server_time();
  ASSERT_TRUE(time);
  EXPECT_LT(std::chrono::abs(system_clock().now() - *time), std::chrono::seconds(30));
}

TEST_P(StoreContract, CreateTellsOursFromOthers) {
  const ByteView ours[] = {as_bytes("SALT-1"), as_bytes("body")}, others[] = {as_bytes("SALT-2"), as_bytes("body")};
  EXPECT_EQ(create(store(), system_clock(), "k", ours, 6), CreateResult::created);
  EXPECT_EQ(create(store(), system_clock(), "k", ours, 6), CreateResult::created);
  EXPECT_EQ(create(another_client(), system_clock(), "k", others, 6), CreateResult::other_stands);
}

TEST_P(StoreContract, ItKnowsItsTraits) {
  EXPECT_TRUE(store().traits().create_once);
  EXPECT_EQ(store().traits().visibility.count(), 0);
  EXPECT_GE(store().traits().max_put_bytes, 4'900ull << 20);
  EXPECT_THAT(store().description(), testing::StartsWith("primary ("));
}

}  // namespace
}  // namespace owl::storage
