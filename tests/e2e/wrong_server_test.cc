// A PostgreSQL that says no, or is not the one that is meant; and targets that no restore can have.

#include <gmock/gmock.h>

#include <fstream>

#include "e2e/site.h"

namespace owl::test {
namespace {

constexpr int failed = 1, configuration = 2, unreachable = 4;

class WrongServer : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    site = std::make_unique<Site>();
    site->psql("CREATE ROLE strict LOGIN PASSWORD 'right'; CREATE ROLE weak LOGIN;");
    std::ofstream(site->server().data_dir() / "pg_hba.conf")
        << "local all strict scram-sha-256\nhost all strict all scram-sha-256\n"
           "local all all trust\nhost all all all trust\nlocal replication all trust\n";
    site->psql("SELECT pg_reload_conf();");
    host = site->psql("SHOW unix_socket_directories");
    port = site->psql("SHOW port");
  }
  static void TearDownTestSuite() { site.reset(); }

  static std::string connect(const std::string& rest) {
    return "host=" + host + " port=" + port + " dbname=postgres " + rest;
  }
  static std::string at(const std::string& role, const std::string& folder = host) {
    return "owlbackup: cannot connect to database postgres as " + role + " at " + folder + ", port " + port +
           ": connection to server on socket \"" + folder + "/.s.PGSQL." + port + "\" failed: ";
  }
  static void expect(const std::string& connection, int exit_code, const std::string& err) {
    const auto backup = site->owl({"backup", "cluster"}, {{"OWLBACKUP_POSTGRES__CONNECTION", connection}});
    EXPECT_EQ(backup.exit_code, exit_code) << backup;
    EXPECT_EQ(backup.err, err + "\n");
  }

  static inline std::unique_ptr<Site> site;
  static inline std::string host, port;
};

TEST_F(WrongServer, RefusesAWrongPassword) {
  expect(connect("user=strict password=wrong"), unreachable,
         at("strict") +
             "FATAL:  password authentication failed for user \"strict\"\n"
             "  Check the role, its password, the database's name and the line in pg_hba.conf that applies.");
}

TEST_F(WrongServer, AsksForAPassword) {
  expect(connect("user=strict passfile=/nonexistent"), unreachable,
         at("strict") +
             "fe_sendauth: no password supplied\n"
             "  Put the password into ~/.pgpass of this account, or set passfile= in the connection string.");
}

TEST_F(WrongServer, IsNotRunning) {
  const auto folder = site->make("no-server").string();
  expect("host=" + folder + " port=" + port + " dbname=postgres user=postgres", unreachable,
         at("postgres", folder) +
             "No such file or directory Is the server running locally and accepting connections on that socket?\n"
             "  Check that the server runs and that host and port (or the socket's folder) are right.");
}

TEST_F(WrongServer, GivesARoleNoRights) {
  expect(
      connect("user=weak"), unreachable,
      "owlbackup: query \"SELECT pg_catalog.current_setting('data_directory')\": PostgreSQL: must be superuser or have "
      "privileges of pg_read_all_settings to examine \"data_directory\"\n"
      "  As a superuser: GRANT pg_read_all_settings TO \"weak\";");
}

TEST_F(WrongServer, IsNotWhatTheConnectionStringSays) {
  const std::string hint =
      "\n  It stands in [postgres] connection: host=/var/run/postgresql user=owlbackup dbname=postgres.";
  expect("hots=/tmp", configuration,
         "owlbackup: the connection string is not valid: invalid connection option \"hots\"" + hint);
  // Half of a password that was not quoted: it is not told.
  expect("host=/tmp password=my secret", configuration,
         "owlbackup: the connection string is not valid: a word without \"=\" (a value with blanks stands in single "
         "quotes)" +
             hint);
}

TEST_F(WrongServer, IsAnotherThanTheDataDirectorys) {
  PostgresOptions options;
  options.start = false;
  const PostgresServer other(options);
  const auto backup = site->owl({"backup", "cluster"}, {{"OWLBACKUP_POSTGRES__DATA_DIRECTORY", other.data_dir()}});
  EXPECT_EQ(backup.exit_code, configuration) << backup;
  EXPECT_THAT(backup.err,
              testing::MatchesRegex("owlbackup: " + other.data_dir().string() +
                                    " belongs to another cluster \\(system id [0-9]+\\) than the server that "
                                    "answered \\(system id [0-9]+\\)\n"
                                    "  \\[postgres\\] connection and data_directory must mean the same server.\n"));
}

TEST_F(WrongServer, TargetsAreRefusedBeforeAnythingIsRead) {
  const auto expect_target = [](const std::string& option, const std::string& value, const std::string& err) {
    const auto run = site->owl({"restore", "cluster", "--to", site->target("never"), option, value});
    EXPECT_EQ(run.exit_code, configuration) << run;
    EXPECT_EQ(run.err, "owlbackup: " + err + "\n");
  };
  expect_target("--target-timeline", "one", "--target-timeline one: write a timeline's number, or latest");
  expect_target("--target-lsn", "xx", "--target-lsn xx: write a WAL position like 16/B374D848");
  expect_target(
      "--target-time", "yesterday noon",
      "\"yesterday noon\" is not a time\n  Write it as PostgreSQL prints it (2026-11-22 14:30:00.123456+00), as ISO "
      "8601 (2026-11-22T14:30:00Z), or relative to now (-15min, -2h, -1d); without a zone it is UTC.");
}

TEST_F(WrongServer, IdsThatMeanNoBackup) {
  const auto none = site->owl({"show", "zzz"});
  EXPECT_EQ(none.exit_code, failed) << none;
  EXPECT_EQ(none.err,
            "owlbackup: there is no backup \"zzz\": there is no backup at all\n  `owlbackup list` shows them all.\n");
  site->owl_ok({"backup", "cluster"});
  const auto wrong = site->owl({"show", "zzz"});
  EXPECT_EQ(wrong.exit_code, failed) << wrong;
  EXPECT_THAT(wrong.err,
              testing::MatchesRegex("owlbackup: there is no backup \"zzz\": there are [0-9a-f]{8} \\(cluster of "
                                    "[-0-9T:]+Z\\)\n  `owlbackup list` shows them all.\n"));
}

TEST_F(WrongServer, NamesThatAreNoWalFiles) {
  const auto push = site->owl({"wal", "push", site->config()});
  EXPECT_EQ(push.exit_code, configuration) << push;
  EXPECT_EQ(push.err, "owlbackup: " + site->config().string() +
                          " has no name of a WAL file of PostgreSQL's\n"
                          "  PostgreSQL gives it: archive_command = 'owl-wal push %p'.\n");
}

}  // namespace
}  // namespace owl::test
