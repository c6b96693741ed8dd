#include "config/near.h"

#include <gtest/gtest.h>

namespace owl::config {
namespace {

TEST(WithinEdits, CountsInsertDeleteReplaceAndSwap) {
  EXPECT_TRUE(within_edits("PGHOST", "PGHOST", 0));
  EXPECT_FALSE(within_edits("PGHOST", "PGHOSTS", 0));
  EXPECT_TRUE(within_edits("PGHOST", "PGHOSTS", 1));
  EXPECT_TRUE(within_edits("PG_HOST", "PGHOST", 1));
  EXPECT_TRUE(within_edits("PGHOTS", "PGHOST", 1));
  EXPECT_TRUE(within_edits("GPG_RECIPENT", "GPG_RECIPIENT", 1));
  EXPECT_TRUE(within_edits("PGPORT", "PGHOST", 2));
  EXPECT_FALSE(within_edits("PGUSER", "PGHOST", 2));
}

TEST(WithinEdits, TakesEmptyWords) {
  EXPECT_TRUE(within_edits("", "", 0));
  EXPECT_TRUE(within_edits("", "ab", 2));
  EXPECT_FALSE(within_edits("abc", "", 2));
}

}  // namespace
}  // namespace owl::config
