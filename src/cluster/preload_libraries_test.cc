#include "cluster/preload_libraries.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(PreloadLibraries, AreTakenApartAsTheServerDoes) {
  EXPECT_THAT(split_library_list(""), IsEmpty());
  EXPECT_THAT(split_library_list("pg_stat_statements"), ElementsAre("pg_stat_statements"));
  EXPECT_THAT(split_library_list(" pg_stat_statements ,auto_explain, "),
              ElementsAre("pg_stat_statements", "auto_explain"));
  EXPECT_THAT(split_library_list(R"( "$libdir/plug, in" , b)"), ElementsAre("$libdir/plug, in", "b"));
}

/// A server's folders, with only what is looked at.
class Installed : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "owl-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    add("lib/libpqwalreceiver.so");
    add("lib/auto_explain.so");
    add("elsewhere/pg_mine.so");
    fs::create_directory(root_ / "bin");
  }
  void TearDown() override { fs::remove_all(root_); }

  void add(const std::string& path) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path).flush();
  }
  /// What is said of a cluster with these settings; empty: nothing.
  std::string said(const std::string& libraries, const std::string& path = {}) {
    ClusterDetails details;
    details.version = 160014;
    details.settings = {{"dynamic_library_path", path, "configuration file", ""},
                        {"shared_preload_libraries", libraries, "configuration file", ""}};
    try {
      require_preload_libraries(details, root_ / "bin");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::refused);
      return error.message() + " | " + error.hint();
    }
    return {};
  }

  fs::path root_;
};

TEST_F(Installed, AreFoundWhereTheServerLooks) {
  EXPECT_EQ(said(""), "");
  EXPECT_EQ(said("auto_explain"), "");
  EXPECT_EQ(said("auto_explain.so, $libdir/auto_explain"), "");
  EXPECT_EQ(said((root_ / "elsewhere/pg_mine").string()), "");
  EXPECT_EQ(said("pg_mine, auto_explain", (root_ / "elsewhere").string() + ":$libdir"), "");
}

TEST_F(Installed, ThatAreMissingAreNamedWithTheirPackage) {
  const auto where =
      " for PostgreSQL 16, whose libraries are in " + fs::canonical(root_ / "lib").string() +
      ", or restore without --start and start the server with settings of your own. Nothing was changed.";
  EXPECT_EQ(said("auto_explain, pg_cron"),
            "the cluster needs pg_cron (shared_preload_libraries), and PostgreSQL on this host does not have it | "
            "Install postgresql-16-cron" +
                where);
  EXPECT_EQ(
      said("pg_stat_statements,pg_mine"),
      "the cluster needs pg_stat_statements, pg_mine (shared_preload_libraries), and PostgreSQL on this host does "
      "not have them | Install postgresql-16 or postgresql16-contrib, the package that has pg_mine.so" +
          where);
}

TEST_F(Installed, WhereTheFolderIsUnknownTheServerIsLeftToJudge) {
  fs::remove(root_ / "lib/libpqwalreceiver.so");
  EXPECT_EQ(said("pg_cron"), "");
}

}  // namespace
}  // namespace owl::cluster
