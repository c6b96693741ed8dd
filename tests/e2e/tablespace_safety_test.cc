#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "postgres/connection.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Replaying CREATE TABLESPACE writes to the path that the source used. On the source's own host that is live data, and
/// no mapping of the backup's tablespaces reaches it.
class TablespaceSafety : public testing::Test {
 protected:
  void SetUp() override {
    old_place = site.make("tablespace-old");
    new_place = site.make("tablespace-new");
    site.psql("CREATE TABLESPACE old LOCATION '" + old_place.string() + "';");
    site.psql("CREATE TABLE before (n int) TABLESPACE old; INSERT INTO before SELECT generate_series(1, 1000);");
    site.owl_ok({"backup", "cluster"});
    site.psql("INSERT INTO before VALUES (1001);");
    before_it = moment();
    // Recovery stops at the end of this transaction. Without it, it would go on to that of CREATE TABLESPACE, and so
    // replay the creation itself.
    site.psql("INSERT INTO before VALUES (1002);");
    site.psql("CREATE TABLESPACE fresh LOCATION '" + new_place.string() + "';");
    site.psql(
        "CREATE TABLE live (n int, seen int) TABLESPACE fresh; INSERT INTO live SELECT generate_series(1, 1000), 0;");
    after_it = moment();
    site.psql("UPDATE live SET seen = 1;");
    site.archive();
    site.psql("CHECKPOINT;");
    oid = site.psql("SELECT oid FROM pg_tablespace WHERE spcname = 'fresh';");
  }

  std::string moment() {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto at = site.now();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return at;
  }

  Site site{{.server_settings = {"autovacuum = off"}}};
  fs::path old_place, new_place;
  std::string before_it, after_it, oid;
};

TEST_F(TablespaceSafety, TheSourceIsNotTouched) {
  const auto live_old = contents_of(old_place), live_new = contents_of(new_place);
  ASSERT_FALSE(live_new.empty());
  const auto map = old_place.string() + "=" + (site.folder() / "mapped").string();

  const auto to = site.target("after");
  const auto refused =
      site.owl({"restore", "cluster", "--to", to, "--target-time", after_it, "--tablespace-map", map, "--start"});
  EXPECT_EQ(refused.exit_code, 1) << refused;
  EXPECT_THAT(refused.err, HasSubstr("tablespace " + oid + " at " + new_place.string()));
  EXPECT_TRUE(is_untouched(to));
  EXPECT_FALSE(fs::exists(site.folder() / "mapped"));

  const auto unmapped = site.owl({"restore", "cluster", "--to", to, "--target-time", before_it, "--start"});
  EXPECT_EQ(unmapped.exit_code, 1) << unmapped;
  EXPECT_THAT(unmapped.err, HasSubstr(old_place.string() + ", which is not empty"));
  EXPECT_TRUE(is_untouched(to));

  const auto before = site.target("before");
  const auto restored =
      site.owl({"restore", "cluster", "--to", before, "--target-time", before_it, "--tablespace-map", map, "--start"});
  ASSERT_EQ(restored.exit_code, 0) << restored;
  postgres::Connection connection(Site::connection_in(restored.out));
  EXPECT_EQ(connection.query_text("SELECT count(*) FROM before"), "1001");
  EXPECT_EQ(connection.query_text("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'old'"),
            (site.folder() / "mapped").string());
  EXPECT_EQ(connection.query_text("SELECT count(*) FROM pg_tablespace WHERE spcname = 'fresh'"), "0");
  connection.query("UPDATE before SET n = -n");
  connection.query("CHECKPOINT");

  EXPECT_TRUE(contents_of(old_place) == live_old);
  EXPECT_TRUE(contents_of(new_place) == live_new);
  EXPECT_EQ(site.psql("SELECT count(*), sum(seen) FROM live;"), "1000|1000");
}

}  // namespace
}  // namespace owl::test
