#include "cluster/collation.h"

#include <gtest/gtest.h>

namespace owl::cluster {
namespace {

ClusterDetails made_with(std::string version) {
  ClusterDetails details;
  details.collation_version = std::move(version);
  return details;
}

TEST(CollationWarning, NamesBothVersionsAndHowToListTheIndexes) {
  EXPECT_EQ(
      collation_warning(made_with("2.28"), "2.36"),
      "the backup was made with version 2.28 of the C library, this host has 2.36: text may sort in another way, and "
      "indexes on it may be wrong. REINDEX, in each database, what this lists: " +
          std::string(indexes_by_libc_collations) + "; then ALTER DATABASE … REFRESH COLLATION VERSION");
}

TEST(CollationWarning, IsNotGivenForTheSameOrAnUnknownVersion) {
  EXPECT_EQ(collation_warning(made_with("2.36"), "2.36"), std::nullopt);
  EXPECT_EQ(collation_warning(made_with(""), "2.36"), std::nullopt);
}

}  // namespace
}  // namespace owl::cluster
