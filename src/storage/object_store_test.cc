#include "storage/object_store.h"

#include <gtest/gtest.h>

#include "storage/memory_store.h"
#include "storage/test_support.h"

namespace owl::storage {
namespace {

TEST(Key, LegalOnes) {
  for (const auto& key : {std::string("a"), std::string("a/b/c"), std::string(".hidden/..x/x..~_-"),
                          std::string(1024, 'k'), std::string("wal/7/0000000A/000000010000000A000000FF~2")}) {
    EXPECT_TRUE(is_key(key)) << key;
    EXPECT_NO_THROW(check_key(key));
  }
}

TEST(Key, IllegalOnes) {
  for (const auto& key :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string("a/../b"), std::string("a/./b"), std::string("a b"), std::string("a%2fb"), std::string("\xc3\xa4"),
        std::string("a\nb"), std::string("a\0b", 3), std::string(1025, 'k')}) {
    EXPECT_FALSE(is_key(key)) << key;
  }
  const auto error = error_of([] { check_key("../etc/passwd"); });
  EXPECT_STREQ(error.what(), "\"../etc/passwd\" is no object key");
  EXPECT_EQ(error.kind(), ErrorKind::usage);
}

TEST(GetRequired, NamesWhatIsMissingAndWhere) {
  FakeClock clock;
  MemoryStore store("primary", clock);
  const auto error = error_of([&] { get_required(store, "packs/ab"); });
  EXPECT_STREQ(error.what(), "packs/ab is missing in primary (memory)");
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_EQ(error.hint(), "It was deleted, or never arrived. Another store may have it: see `owlbackup verify`.");
}

}  // namespace
}  // namespace owl::storage
