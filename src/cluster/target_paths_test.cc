#include "cluster/target_paths.h"

#include <gtest/gtest.h>

#include "storage/test_support.h"

namespace owl::cluster {
namespace {

const std::vector<postgres::Tablespace> tablespaces{{16390, "/srv/fast"}, {16391, "/srv/slow"}, {163900, ""}};

TEST(TargetPaths, AreThoseOfTheSourceUnlessMapped) {
  const TargetPaths paths("/restored", tablespaces, {});
  EXPECT_EQ(paths.resolve("base/5/1259"), "/restored/base/5/1259");
  EXPECT_EQ(paths.resolve("pg_tblspc"), "/restored/pg_tblspc");
  EXPECT_EQ(paths.resolve("pg_tblspc/16390"), "/srv/fast");
  EXPECT_EQ(paths.resolve("pg_tblspc/16391/PG_15_202209061/5/16400"), "/srv/slow/PG_15_202209061/5/16400");
}

TEST(TargetPaths, ATablespaceInPlaceStaysInTheDataDirectory) {
  const TargetPaths paths("/restored", tablespaces, {});
  EXPECT_EQ(paths.resolve("pg_tblspc/163900/PG_15_202209061"), "/restored/pg_tblspc/163900/PG_15_202209061");
  EXPECT_EQ(paths.links().size(), 2u);
}

TEST(TargetPaths, AreMappedByLocationOrNumber) {
  const TargetPaths paths("/restored", tablespaces, {{"/srv/fast", "/new/fast"}, {"16391", "/new/slow"}});
  EXPECT_EQ(paths.resolve("pg_tblspc/16390/x"), "/new/fast/x");
  EXPECT_EQ(paths.resolve("pg_tblspc/16391/x"), "/new/slow/x");
  EXPECT_EQ(paths.link_path(paths.links()[0]), "/restored/pg_tblspc/16390");
  EXPECT_EQ(paths.links()[0].old_location, "/srv/fast");
}

TEST(TargetPaths, AMappingThatFitsNothingIsAMistake) {
  for (const std::string old : {"/srv/fas", "16392", "163900"}) {
    const auto error = storage::error_of([&] { TargetPaths("/restored", tablespaces, {{old, "/new"}}); });
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_EQ(error.message(), "--tablespace-map " + old + "=/new: the backup has no tablespace at " + old);
    EXPECT_EQ(error.hint(), "`owlbackup show ID` lists the tablespaces of a backup.");
  }
}

}  // namespace
}  // namespace owl::cluster
