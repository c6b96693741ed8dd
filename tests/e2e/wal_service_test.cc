#include "e2e/wal_service.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "postgres/connection.h"
#include "support/environment.h"
#include "support/eventually.h"

// The resident WAL service under a real server: what PostgreSQL was told is archived is there, whatever is killed.

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// A service that runs from the beginning.
class Service : public WalService {
 public:
  explicit Service(Site& site) : WalService(site) { start(); }
  std::int64_t archived() const { return (*status())["archived"].integer_or(-1); }
};

/// One segment's worth of WAL after the other.
void write_segments(Site& site, int count) {
  for (int i = 0; i < count; ++i) {
    site.psql(
        "INSERT INTO log SELECT coalesce(max(n), 0) + 1 FROM log;"
        "SELECT pg_logical_emit_message(false, 'fill', repeat('x', 3000000)); SELECT pg_switch_wal();");
  }
}

std::string last_file(Site& site) {
  return site.psql("SELECT last_archived_wal FROM pg_stat_archiver");
}

class WalServiceTest : public testing::Test {
 protected:
  Site site{{.stores = {"primary", "secondary"}}};
  void SetUp() override { site.psql("CREATE TABLE log (n int PRIMARY KEY)"); }

  std::size_t count(const std::string& store, const std::string& part) {
    return files_with(site.store(store), part).size();
  }
};

TEST_F(WalServiceTest, ArchivesAheadOfTheServersAsking) {
  Service service(site);
  write_segments(site, 6);
  site.archive();
  EXPECT_GE(service.archived(), 6);
  EXPECT_EQ(site.psql("SELECT failed_count FROM pg_stat_archiver"), "0") << site.server().log();
  for (const auto* store : {"primary", "secondary"}) EXPECT_EQ(count(store, last_file(site)), 1u) << store;
  EXPECT_EQ(service.stop(), 0);
  EXPECT_FALSE(fs::exists(site.socket())) << "a service that ends takes its socket along";
  site.owl_ok({"verify"});
}

TEST_F(WalServiceTest, WithoutItTheClientDoesItAlone) {
  site.archive();
  Service service(site);
  service.kill9();
  ASSERT_TRUE(fs::exists(site.socket())) << "killed, it leaves its socket behind";
  site.archive();
  EXPECT_EQ(site.psql("SELECT failed_count FROM pg_stat_archiver"), "0") << site.server().log();
  service.start();  // over the stale socket
  site.archive();
  EXPECT_GE(service.archived(), 1);
}

TEST_F(WalServiceTest, AnotherClustersFilesAreNotItsBusiness) {
  Service service(site);
  PostgresServer other({.settings = {"wal_keep_size = 64MB"}});
  other.psql("SELECT pg_switch_wal()");
  const auto segment = other.psql("SELECT pg_walfile_name('0/1000000'::pg_lsn + 1)");
  const auto result = site.as_server(
      {site.programs() / "owl-wal", "--socket", site.socket(), "push", other.data_dir() / "pg_wal" / segment}, "/");
  EXPECT_NE(result.exit_code, 0);
  EXPECT_EQ(service.archived(), 0);
  EXPECT_EQ(count("primary", segment), count("secondary", segment));
}

TEST_F(WalServiceTest, BothSidesMayBeKilledAtAnyMoment) {
  site.owl_ok({"backup", "cluster"});
  Service service(site);
  for (int round = 0; round < 5; ++round) {
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30 + 70 * round));
      service.kill9();
    });
    write_segments(site, 3);
    killer.join();
    if (round % 2 == 1) {
      site.server().kill9();
      site.server().start();
    }
    service.start();
  }
  site.archive();
  const auto rows = site.psql("SELECT count(*) FROM log");
  site.archive();
  site.owl_ok({"verify", "--data"});
  site.owl_ok({"wal", "status"});
  const auto to = site.target("restored");
  postgres::Connection restored(Site::connection_in(site.owl_ok({"restore", "cluster", "--to", to, "--start"})));
  EXPECT_EQ(restored.query_text("SELECT count(*) FROM log"), rows);
}

TEST(ArchiveModuleTest, HandsFilesToTheServiceAndWaitsWhereThereIsNone) {
  Site site({.archive_module = true});
  site.psql("CREATE TABLE log (n int PRIMARY KEY)");
  write_segments(site, 2);
  const auto says = [&](const std::string& text) { return site.server().log().find(text) != std::string::npos; };
  for (int i = 0; i < 400 && !says("no WAL service (`owlbackup wal serve`) answers on owlbackup.socket"); ++i) {
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_THAT(
      site.server().log(),
      HasSubstr("owlbackup did not archive \"000000010000000000000001\": no WAL service (`owlbackup wal serve`) "
                "answers on owlbackup.socket: No such file or directory"));
  EXPECT_EQ(site.psql("SELECT archived_count FROM pg_stat_archiver"), "0");
  Service service(site);
  site.server().restart();  // it would try again by itself, within a minute
  site.archive();
  EXPECT_GE(service.archived(), 3);
  site.owl_ok({"backup", "cluster"});
  service.kill9();
  service.start();
  site.archive();
  EXPECT_FALSE(says("terminated by signal")) << site.server().log();
  site.owl_ok({"verify", "--data"});
}

TEST(WalServiceWithOneStoreAwayTest, GoesOnWithTheOtherAndBringsItLevelAgain) {
  Site site({.stores = {"primary", "secondary"}, .acknowledge = "any"});
  site.psql("CREATE TABLE log (n int PRIMARY KEY)");
  site.archive();
  Service service(site);
  const auto away = site.store("secondary"), aside = site.folder() / "aside";
  fs::permissions(away, fs::perms::none);
  write_segments(site, 4);
  site.archive();
  EXPECT_EQ(site.psql("SELECT failed_count FROM pg_stat_archiver"), "0") << site.server().log();
  const auto file = last_file(site);
  fs::permissions(away, fs::perms::owner_all);
  EXPECT_EQ(files_with(away, file).size(), 0u);
  bool level = false;
  for (int i = 0; i < 600 && !level; ++i) {
    std::this_thread::sleep_for(100ms);
    level = files_with(away, file).size() == 1 &&
            (*service.status())["stores"].dump().find("\"missed\":0") != std::string::npos;
  }
  EXPECT_TRUE(level) << (*service.status()).dump();
  const auto relative = fs::relative(files_with(away, file).at(0), away);
  EXPECT_EQ(read_text(away / relative), read_text(site.store("primary") / relative)) << "sealed once for both";
}

TEST(WalServiceWithASpoolTest, LetsPostgresGoOnWhileNoStoreAnswers) {
  const TempDir spool;
  give_to_server_user(spool.path());
  Site site({.wal_settings = {"spool = \"" + spool.path().string() + "\""}});
  site.psql("CREATE TABLE log (n int PRIMARY KEY)");
  site.owl_ok({"backup", "cluster"});
  Service service(site);
  fs::permissions(site.store(), fs::perms::none);
  write_segments(site, 5);
  site.archive();
  const auto file = last_file(site);
  EXPECT_EQ(files_with(spool.path(), file).size(), 1u) << (*service.status()).dump();
  EXPECT_GE((*service.status())["spool"]["files"].integer_or(0), 3);

  service.kill9();  // what was acknowledged outlives the service
  fs::permissions(site.store(), fs::perms::owner_all);
  service.start();
  bool drained = false;
  for (int i = 0; i < 600 && !drained; ++i) {
    std::this_thread::sleep_for(100ms);
    drained = (*service.status())["spool"]["files"].integer_or(-1) == 0;
  }
  EXPECT_TRUE(drained) << (*service.status()).dump();
  EXPECT_EQ(files_with(spool.path(), ".tmp").size() + files_with(spool.path(), file).size(), 0u);
  site.owl_ok({"wal", "status"});
  site.owl_ok({"verify", "--data"});
}

TEST(WalServiceWithASpoolTest, ThatIsFullKeepsWhatItCantTake) {
  const TempDir spool;
  give_to_server_user(spool.path());
  Site site({.wal_settings = {"spool = \"" + spool.path().string() + "\"", "spool_size = \"16MiB\""}});
  Service service(site);
  fs::permissions(site.store(), fs::perms::none);
  for (int i = 0; i < 3; ++i) {  // 19 MB, half of which can be compressed away, thrice
    site.psql(
        "SELECT pg_logical_emit_message(false, 'noise', string_agg(sha512(i::text::bytea || "
        "clock_timestamp()::text::bytea)"
        "::text, '')) FROM generate_series(1, 150000) i; SELECT pg_switch_wal();");
  }
  const auto full = [&] {
    return read_text(site.folder() / "service.log").find("the local spool is full") != std::string::npos;
  };
  for (int i = 0; i < 300 && !full(); ++i) std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(full()) << read_text(site.folder() / "service.log");
  EXPECT_GT(std::stoi(site.psql("SELECT failed_count FROM pg_stat_archiver")), 0);
  fs::permissions(site.store(), fs::perms::owner_all);
}

}  // namespace
}  // namespace owl::test
