#include "postgres/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "integration/postgres/greeting_server.h"
#include "support/postgres_server.h"

namespace owl::postgres {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Runs `body`, which must throw an Error.
template <typename Body>
Error thrown(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::internal, "");
}

class ConnectionTest : public testing::Test {
 protected:
  std::string as(const std::string& role) { return server_.connection() + " user=" + role; }

  test::PostgresServer server_;
};

TEST_F(ConnectionTest, RowsParametersAndNulls) {
  Connection connection(server_.connection());
  EXPECT_EQ(connection.major(), 15);
  const auto rows = connection.query("SELECT $1::int + 1, NULL, '' UNION ALL SELECT 7, $2, 'x'", {"41", std::nullopt});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0], (Row{"42", std::nullopt, ""}));
  EXPECT_EQ(rows[1], (Row{"7", std::nullopt, "x"}));
  EXPECT_EQ(connection.query_text("SELECT pg_backend_pid()"), std::to_string(connection.backend_pid()));
  EXPECT_TRUE(connection.query("CREATE TABLE t(a int)").empty());
}

TEST_F(ConnectionTest, ASessionForLongWork) {
  server_.psql(
      "ALTER ROLE postgres SET statement_timeout = '5s'; ALTER ROLE postgres SET idle_session_timeout = '5s';"
      "ALTER ROLE postgres SET lock_timeout = '5s'");
  Connection connection(server_.connection());
  for (const char* const name :
       {"statement_timeout", "lock_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout"}) {
    EXPECT_EQ(connection.query_text("SELECT current_setting($1)", {name}), "0") << name;
  }
  EXPECT_EQ(connection.query_text("SHOW application_name"), "owlbackup");
  EXPECT_EQ(Connection(server_.connection() + " application_name=mine").query_text("SHOW application_name"), "mine");
}

TEST_F(ConnectionTest, AnErrorHasItsSqlstateAndTheQuery) {
  Connection connection(server_.connection());
  const auto error = thrown([&] { connection.query("SELECT 1/0"); });
  EXPECT_EQ(error.sqlstate(), "22012");
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_STREQ(error.what(), "query \"SELECT 1/0\": PostgreSQL: division by zero");
  EXPECT_EQ(connection.query_text("SELECT 1"), "1");  // the session goes on
  EXPECT_EQ(thrown([&] { connection.query_text("SELECT 1 WHERE false"); }).kind(), ErrorKind::not_found);
}

TEST_F(ConnectionTest, AMissingRightNamesTheGrant) {
  server_.psql("CREATE ROLE owl LOGIN");
  Connection connection(as("owl"));
  const auto error = thrown([&] { connection.query("SELECT pg_catalog.pg_backup_start('x', true)"); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_EQ(error.hint(),
            "As a superuser: GRANT EXECUTE ON FUNCTION pg_catalog.pg_backup_start(text, boolean) TO \"owl\";");
  server_.psql(error.hint().substr(error.hint().find("GRANT")));
  EXPECT_FALSE(connection.query_text("SELECT pg_catalog.pg_backup_start('x', true)").empty());
}

TEST_F(ConnectionTest, NobodyThere) {
  const auto error = thrown([] { Connection("host=/nowhere port=1 user=me dbname=d"); });
  EXPECT_EQ(error.kind(), ErrorKind::unreachable);
  EXPECT_THAT(error.message(), HasSubstr("cannot connect to database d as me at /nowhere, port 1: "));
  EXPECT_THAT(error.hint(), HasSubstr("Check that the server runs"));
}

TEST_F(ConnectionTest, TheServerSaysNo) {
  const auto error = thrown([&] { Connection(as("nobody_of_that_name")); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_THAT(error.message(), HasSubstr("role \"nobody_of_that_name\" does not exist"));
  EXPECT_EQ(thrown([&] { Connection(server_.connection("absent")); }).kind(), ErrorKind::denied);
}

TEST_F(ConnectionTest, AStopCancelsTheQuery) {
  Connection connection(server_.connection());
  std::stop_source source;
  std::jthread later([&] {
    std::this_thread::sleep_for(100ms);
    source.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto error = thrown([&] { connection.query("SELECT pg_sleep(60)", {}, source.get_token()); });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
  EXPECT_EQ(connection.query_text("SELECT 1"), "1");
}

TEST_F(ConnectionTest, ALostSessionIsSeenWithoutAQuery) {
  Connection connection(server_.connection());
  EXPECT_TRUE(connection.alive());
  server_.psql("SELECT pg_terminate_backend(" + std::to_string(connection.backend_pid()) + ")");
  for (int i = 0; i < 200 && connection.alive(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(connection.alive());
  EXPECT_EQ(thrown([&] { connection.query("SELECT 1"); }).kind(), ErrorKind::unreachable);

  Connection closed(server_.connection());
  closed.close();
  EXPECT_FALSE(closed.alive());
  EXPECT_EQ(thrown([&] { closed.query("SELECT 1"); }).kind(), ErrorKind::unreachable);
}

/// What is said of a server that calls itself so.
std::string refusal_of(const std::string& version) {
  const GreetingServer server(version);
  const auto error = thrown([&] { Connection connection(server.connection()); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported) << error.what();
  const auto end = error.message().find(" is PostgreSQL");
  EXPECT_THAT(error.message().substr(0, end), testing::MatchesRegex("the server at /tmp/.*, port 5432"));
  return end == std::string::npos ? error.message() : error.message().substr(end + 1) + " | " + error.hint();
}

TEST(ServerVersion, OlderThan13IsRefused) {
  const auto hint = " | Upgrade the server: its version is out of its maintainers' support, too.";
  EXPECT_EQ(refusal_of("12.22 (Debian 12.22-1)"),
            std::string("is PostgreSQL 12; this owlbackup knows 13 to 18") + hint);
  EXPECT_EQ(refusal_of("9.6.24"), std::string("is PostgreSQL 9.6; this owlbackup knows 13 to 18") + hint);
}

TEST(ServerVersion, NewerThan18IsRefused) {
  EXPECT_EQ(refusal_of("19beta1"),
            "is PostgreSQL 19; this owlbackup knows 13 to 18 | Install a newer owlbackup, one that names this version "
            "as known.");
}

}  // namespace
}  // namespace owl::postgres
