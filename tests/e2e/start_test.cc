#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "postgres/connection.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

using testing::Not;
using Arguments = std::vector<std::string>;

/// A library that only this server has.
class OwnLibrary {
 public:
  explicit OwnLibrary(const fs::path& folder) : file_(folder / "owl_only_here.so") {
    fs::copy_file("/usr/lib/postgresql/15/lib/passwordcheck.so", file_);
    fs::permissions(file_, fs::perms::others_read | fs::perms::group_read, fs::perm_options::add);
  }
  void hide() { fs::rename(file_, file_.string() + ".away"); }
  void bring_back() { fs::rename(file_.string() + ".away", file_); }

 private:
  fs::path file_;
};

/// `restore --start`: how the server is started, and what is said of where it came to rest.
class Start : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    libraries = std::make_unique<TempDir>("/tmp");
    fs::permissions(libraries->path(), fs::perms(0755));
    library = std::make_unique<OwnLibrary>(libraries->path());
    site = std::make_unique<Site>(
        SiteOptions{.server_settings = {"autovacuum = off", "shared_preload_libraries = 'auto_explain, owl_only_here'",
                                        "dynamic_library_path = '$libdir:" + libraries->path().string() + "'"}});
    // What ALTER SYSTEM sets comes along with the backup, and must not get the better of a restored server.
    site->psql("ALTER SYSTEM SET max_connections = 40;");
    site->psql("ALTER SYSTEM SET archive_mode = on;");
    site->psql("ALTER SYSTEM SET listen_addresses = '*';");
    site->server().restart();
    site->psql("CREATE TABLE log (n int PRIMARY KEY); INSERT INTO log VALUES (1);");
    site->owl_ok({"backup", "cluster"});
    site->psql("ALTER SYSTEM SET max_connections = 61;");
    site->server().restart();
    site->psql("INSERT INTO log VALUES (2);");
    std::this_thread::sleep_for(20ms);
    moment = site->now();
    std::this_thread::sleep_for(20ms);
    site->psql("INSERT INTO log VALUES (3);");
    site->archive();
  }
  static void TearDownTestSuite() {
    site.reset();
    library.reset();
    libraries.reset();
  }

  static RunResult restore(const fs::path& to, Arguments more) {
    Arguments arguments{"restore", "cluster", "--to", to};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return site->owl(arguments);
  }
  static std::string rows(postgres::Connection& connection) {
    return connection.query_text("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log");
  }
  static std::string line_with(const std::string& text, const std::string& begin) {
    const auto at = text.find("\n" + begin);
    return at == text.npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  }

  static inline std::unique_ptr<TempDir> libraries;
  static inline std::unique_ptr<OwnLibrary> library;
  static inline std::unique_ptr<Site> site;
  static inline std::string moment;
};

TEST_F(Start, HasTheSettingsThatRecoveryNeedsWhateverAlterSystemSet) {
  const auto to = site->target("settings");
  const auto result = restore(to, {"--start"});
  ASSERT_EQ(result.exit_code, 0) << result;
  ASSERT_THAT(read_text(to / "postgresql.auto.conf"), HasSubstr("max_connections = '40'"));
  postgres::Connection connection(Site::connection_in(result.out));
  EXPECT_EQ(rows(connection), "1 2 3");
  EXPECT_EQ(connection.query_text("SHOW max_connections"), "61");  // as it was raised to after the backup
  EXPECT_EQ(connection.query_text("SHOW archive_mode"), "off");
  EXPECT_EQ(connection.query_text("SHOW listen_addresses"), "");
  EXPECT_EQ(connection.query_text("SHOW shared_preload_libraries"), "auto_explain, owl_only_here");

  // Who gets to the socket is superuser there: that is the server's own account, and nobody else's.
  const auto socket = fs::path(connection.query_text("SHOW unix_socket_directories")) /
                      (".s.PGSQL." + connection.query_text("SHOW port"));
  EXPECT_EQ(fs::status(socket).permissions(), fs::perms::owner_all) << socket;
}

TEST_F(Start, PausedSaysWhereAndHowToGoOn) {
  const auto to = site->target("paused");
  const auto result = restore(to, {"--target-time", moment, "--target-action", "pause", "--start"});
  ASSERT_EQ(result.exit_code, 0) << result;
  postgres::Connection connection(Site::connection_in(result.out));
  EXPECT_EQ(rows(connection), "1 2");
  EXPECT_EQ(
      line_with(result.out, "Paused"),
      "Paused at LSN " + connection.query_text("SELECT pg_last_wal_replay_lsn()") + ", after the transaction of " +
          connection.query_text("SELECT pg_last_xact_replay_timestamp()") +
          ", read-only. `SELECT pg_wal_replay_resume()` ends recovery there and opens the cluster; to go further, "
          "stop the server, move the target in " +
          (to / "postgresql.auto.conf").string() + " and start it again.");
  connection.query("SELECT pg_wal_replay_resume()");
  while (connection.query_text("SELECT pg_is_in_recovery()") == "t") std::this_thread::sleep_for(20ms);
  connection.query("INSERT INTO log VALUES (99)");
  EXPECT_EQ(rows(connection), "1 2 99");
}

TEST_F(Start, ShutDownIsWaitedForAndSaysHowToGoOn) {
  const auto to = site->target("shut-down");
  const auto result = restore(to, {"--target-time", moment, "--target-action", "shutdown", "--start"});
  ASSERT_EQ(result.exit_code, 0) << result;
  EXPECT_FALSE(fs::exists(to / "postmaster.pid"));
  const auto conf = to / "postgresql.auto.conf";
  EXPECT_EQ(
      line_with(result.out, "Recovery reached"),
      "Recovery reached its target, and the server shut itself down there. To go on, set recovery_target_action in " +
          conf.string() +
          " to 'promote' (opens the cluster) or 'pause' (lets you look first), then start PostgreSQL 15 on " +
          to.string() + ". Left as it is, it shuts down again at once.");
  EXPECT_THAT(result.out, Not(HasSubstr("Running:")));

  // That advice, taken.
  auto text = read_text(conf);
  const auto at = text.find("'shutdown'");
  ASSERT_NE(at, text.npos) << text;
  std::ofstream(conf) << text.replace(at, 10, "'promote'");
  PostgresServer server({.settings = {"archive_mode = off", "max_connections = 61"}, .data_dir = to});
  while (server.psql("SELECT pg_is_in_recovery();") == "t") std::this_thread::sleep_for(20ms);
  EXPECT_EQ(server.psql("SELECT string_agg(n::text, ' ' ORDER BY n) FROM log;"), "1 2");
}

TEST_F(Start, AnActionWithoutATargetIsRefused) {
  const auto to = site->target("no-target");
  const auto result = restore(to, {"--target-action", "shutdown", "--start"});
  EXPECT_EQ(result.exit_code, 2) << result;
  EXPECT_THAT(result.err, HasSubstr("--target-action shutdown needs a target: at the end of the archived WAL recovery "
                                    "always opens the cluster"));
  EXPECT_TRUE(is_untouched(to));
}

TEST_F(Start, AMissingPreloadLibraryIsNamedBeforeTheFirstWrite) {
  const auto to = site->target("no-library");
  library->hide();
  const auto result = restore(to, {"--start"});
  const auto unstarted = restore(to, {"--dry-run"});
  library->bring_back();
  EXPECT_EQ(result.exit_code, 1) << result;
  EXPECT_THAT(result.err,
              HasSubstr("the cluster needs owl_only_here (shared_preload_libraries), and PostgreSQL on this "
                        "host does not have it"));
  EXPECT_THAT(result.err, HasSubstr("Install the package that has owl_only_here.so for PostgreSQL 15, whose libraries "
                                    "are in /usr/lib/postgresql/15/lib"));
  EXPECT_TRUE(is_untouched(to));
  EXPECT_EQ(unstarted.exit_code, 0) << unstarted;
}

TEST_F(Start, AServerThatEndsBeforeItsTargetShowsItsLog) {
  const auto to = site->target("broken");
  // The library is there, and no library: only the server itself can tell.
  library->hide();
  std::ofstream(libraries->path() / "owl_only_here.so") << "no library";
  const auto result = restore(to, {"--start"});
  library->bring_back();
  EXPECT_EQ(result.exit_code, 1) << result;
  EXPECT_THAT(result.err, HasSubstr("postgres ended before recovery had reached its target; its log ends with:"));
  EXPECT_THAT(result.err, HasSubstr("owl_only_here"));
}

}  // namespace
}  // namespace owl::test
