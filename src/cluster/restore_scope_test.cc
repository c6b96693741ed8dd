#include "cluster/restore_scope.h"

#include <gtest/gtest.h>

namespace owl::cluster {
namespace {

TEST(RestoreScope, TheWholeClusterIsWantedUnlessSomebodySaysOtherwise) {
  const RestoreScope scope;
  for (const char* path :
       {"base/5/1259", "base/16384/16385", "pg_tblspc/16390/PG_15_202209061/16384/16385", "PG_VERSION"}) {
    EXPECT_TRUE(scope.wants(path)) << path;
  }
}

TEST(RestoreScope, OfDatabasesThatAreLeftOutOnlyTheVersionStays) {
  const RestoreScope scope({{16384, "crm"}, {163, "logs"}});
  for (const char* path :
       {"base/16384/16385", "base/16384/16385_vm", "base/16384/16385.1", "base/16384/pg_filenode.map", "base/163/1259",
        "pg_tblspc/16390/PG_15_202209061/16384/16385"}) {
    EXPECT_FALSE(scope.wants(path)) << path;
  }
  for (const char* path :
       {"base/16384/PG_VERSION", "base/1638/16385", "base/16384", "global/1262", "global/16384", "pg_xact/0000",
        "pg_tblspc/16384/PG_15_202209061/5/16385", "pg_wal/000000010000000000000001", "base/x16384/16385"}) {
    EXPECT_TRUE(scope.wants(path)) << path;
  }
  EXPECT_EQ(scope.left_out().size(), 2u);
}

TEST(RestoreScope, OfADatabaseSomeRelationsWithAllTheirFiles) {
  RestoreScope scope({{16384, "crm"}});
  scope.keep_only(5, {1259, 16400});
  for (const char* path : {"base/5/1259", "base/5/16400", "base/5/16400_fsm", "base/5/16400.1", "base/5/16400_vm.1",
                           "base/5/pg_filenode.map", "base/5/PG_VERSION", "base/1/16401", "global/16401",
                           "pg_tblspc/16390/PG_15_202209061/5/16400"}) {
    EXPECT_TRUE(scope.wants(path)) << path;
  }
  for (const char* path : {"base/5/16401", "base/5/16401_init", "base/5/16401.2", "base/5/1640", "base/16384/1259",
                           "pg_tblspc/16390/PG_15_202209061/5/16401"}) {
    EXPECT_FALSE(scope.wants(path)) << path;
  }
}

TEST(RestoreScope, ADatabaseIsKnownByItsFolder) {
  EXPECT_EQ(database_of_path("base/5/1259"), 5u);
  EXPECT_EQ(database_of_path("pg_tblspc/16390/PG_15_202209061/7/16385"), 7u);
  for (const char* path :
       {"base", "base/5", "base/5/6/7", "global/1262", "base/99999999999/1", "pg_tblspc/16390", ""}) {
    EXPECT_EQ(database_of_path(path), 0u) << path;
  }
}

}  // namespace
}  // namespace owl::cluster
