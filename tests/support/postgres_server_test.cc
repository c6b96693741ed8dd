#include "support/postgres_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "support/environment.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;

TEST(PostgresServer, AnswersAndForgetsNothingWhenKilled) {
  PostgresServer server;
  EXPECT_EQ(server.psql("select 1"), "1");
  EXPECT_EQ(server.psql("show data_checksums"), "on");
  server.psql("create table t as select g from generate_series(1, 1000) g");
  server.kill9();
  EXPECT_FALSE(server.running());
  EXPECT_NE(server.try_psql("select 1").exit_code, 0);
  server.start();
  EXPECT_EQ(server.psql("select sum(g) from t"), "500500");
  EXPECT_THAT(server.log(), testing::HasSubstr("was not properly shut down"));
  server.restart();
  EXPECT_EQ(server.psql("select count(*) from t"), "1000");
}

TEST(PostgresServer, StartsOnAClusterThatIsThere) {
  const TempDir folder;
  PostgresServer first({.data_checksums = false, .settings = {"work_mem = 5MB"}});
  first.psql("create database other");
  first.psql("create table t (v text); insert into t values ('kept')", "other");
  first.stop();
  fs::copy(first.data_dir(), folder / "copy", fs::copy_options::recursive);
  fs::permissions(folder / "copy", fs::perms(0700));
  give_to_server_user(folder / "copy");

  PostgresServer second({.settings = {"maintenance_work_mem = '77MB'"}, .data_dir = folder / "copy"});
  EXPECT_EQ(second.psql("select v from t", "other"), "kept");
  EXPECT_EQ(second.psql("show data_checksums; show work_mem; show maintenance_work_mem"), "off\n5MB\n77MB");
}

TEST(PostgresServer, SaysWhyItDoesNotStart) {
  PostgresServer server({.settings = {"shared_buffers = nonsense"}, .start = false});
  try {
    server.start();
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("invalid value for parameter \"shared_buffers\""));
  }
}

TEST(PostgresServer, ReportsAFailedStatement) {
  PostgresServer server;
  EXPECT_THROW(server.psql("select 1/0"), Error);
  EXPECT_THAT(server.try_psql("select 1/0").err, testing::HasSubstr("division by zero"));
}

class PostgresVersion : public testing::TestWithParam<int> {};

TEST_P(PostgresVersion, StartsAndAnswers) {
  for (const bool checksums : {true, false}) {
    PostgresServer server({.version = GetParam(), .data_checksums = checksums});
    EXPECT_EQ(server.psql("select current_setting('server_version_num')::int / 10000"), std::to_string(GetParam()));
    EXPECT_EQ(server.psql("show data_checksums"), checksums ? "on" : "off");
  }
}

INSTANTIATE_TEST_SUITE_P(All, PostgresVersion, testing::Values(13, 14, 15, 16, 17, 18),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace owl::test
