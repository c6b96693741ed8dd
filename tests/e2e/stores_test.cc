#include <gmock/gmock.h>

#include "e2e/files.h"
#include "e2e/site.h"
#include "postgres/connection.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Two stores, so that one can be lost.
class TwoStores : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Segments stay where they are, so that they can be pushed by hand.
    site = std::make_unique<Site>(SiteOptions{
        .stores = {"primary", "secondary"}, .acknowledge = "any", .server_settings = {"wal_keep_size = 1GB"}});
    site->psql("CREATE TABLE log (n int PRIMARY KEY); INSERT INTO log VALUES (1);");
    site->owl_ok({"backup", "cluster"});
    site->psql("INSERT INTO log VALUES (2);");
    segment = site->psql("SELECT pg_walfile_name(pg_current_wal_insert_lsn());");
    site->archive();
  }
  static void TearDownTestSuite() { site.reset(); }

  /// A store that says no to everything, while this lives.
  struct Broken {
    explicit Broken(const std::string& name) : folder(site->store(name)) { fs::permissions(folder, fs::perms::none); }
    ~Broken() { fs::permissions(folder, fs::perms::owner_all); }
    Broken(const Broken&) = delete;
    Broken& operator=(const Broken&) = delete;
    fs::path folder;
  };

  static std::size_t count(const std::string& store, const std::string& part) {
    return files_with(site->store(store), part).size();
  }

  static RunResult push(const std::string& acknowledge) {
    const auto config = site->write_config(
        {.name = "push-" + acknowledge, .connection = site->server().connection(), .acknowledge = acknowledge});
    return site->owl({"wal", "push", site->server().data_dir() / "pg_wal" / segment}, {{"OWLBACKUP_CONFIG", config}});
  }

  /// Restored from one store alone: with the other in the configuration and silent, the end of the archive can't be
  /// told from a segment that only the other has.
  static std::string rows_from(const std::string& store, std::string_view name) {
    const auto to = site->target(name);
    const auto result = site->owl({"restore", "cluster", "--to", to, "--start", "--store", store});
    if (result.exit_code != 0) return "exit code " + std::to_string(result.exit_code) + ": " + result.err;
    postgres::Connection connection(Site::connection_in(result.out));
    auto rows = connection.query_text("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log");
    connection.close();
    site->stop_restored(to, "immediate");
    return rows;
  }

  static inline std::unique_ptr<Site> site;
  static inline std::string segment;
};

TEST_F(TwoStores, BothHaveBackupAndWal) {
  for (const char* store : {"primary", "secondary"}) {
    EXPECT_EQ(count(store, "/backups/"), 1u) << store;
    EXPECT_EQ(count(store, segment), 1u) << store;
    EXPECT_GE(count(store, "/packs/"), 1u) << store;
  }
}

TEST_F(TwoStores, RestoreComesFromEither) {
  {
    const Broken primary("primary");
    EXPECT_EQ(rows_from("secondary", "from-secondary"), "1 2");
  }
  const Broken secondary("secondary");
  EXPECT_EQ(rows_from("primary", "from-primary"), "1 2");
}

TEST_F(TwoStores, AcknowledgeSaysHowManyMustHaveIt) {
  EXPECT_EQ(push("all").exit_code, 0);
  const Broken secondary("secondary");
  const auto any = push("any"), all = push("all");
  EXPECT_EQ(any.exit_code, 0) << any;
  EXPECT_NE(all.exit_code, 0) << all;
  EXPECT_LE(all.exit_code, 125) << all;
  EXPECT_THAT(all.err, HasSubstr("secondary"));
}

TEST_F(TwoStores, ABackupGoesOnInTheOtherWithAWarning) {
  {
    const Broken secondary("secondary");
    const auto result = site->owl({"backup", "cluster"});
    EXPECT_EQ(result.exit_code, 3) << result;
    EXPECT_THAT(result.err, HasSubstr("the backup is not in store secondary; it is whole in the others"));
  }
  EXPECT_EQ(count("primary", "/backups/"), 2u);
  EXPECT_EQ(count("secondary", "/backups/"), 1u);
  const Broken secondary("secondary");
  EXPECT_EQ(rows_from("primary", "from-what-is-left"), "1 2");
}

}  // namespace
}  // namespace owl::test
