#include "postgres/server_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/file.h"
#include "os/system.h"
#include "postgres/connection.h"
#include "postgres/control_file.h"
#include "support/environment.h"
#include "support/postgres_server.h"
#include "support/temp_dir.h"

namespace owl::postgres {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ServerProcessTest : public testing::Test {
 protected:
  ServerProcessTest() : sockets_("/tmp") {
    options_ = {.programs = test::postgres_bin_dir(15),
                .data_directory = folder_ / "data",
                .socket_directory = sockets_ / "s",
                .log_file = folder_ / "log" / "server.log",
                .account = test::server_user(),
                .settings = {{"fsync", "off"}, {"shared_buffers", "16MB"}}};
  }
  void initialise() { run_initdb(options_, {"--username=postgres", "--auth=trust", "--no-sync", "--locale=C"}); }
  std::string ask(const ServerProcess& server, const std::string& sql) {
    return Connection(server.conninfo() + " user=postgres").query_text(sql);
  }

  test::TempDir folder_, sockets_;
  os::SystemClock clock_;
  ServerOptions options_;
};

TEST_F(ServerProcessTest, StartsAnswersAndStops) {
  initialise();
  ServerProcess server(options_);
  EXPECT_FALSE(server.running());
  server.start();
  server.wait_until_ready(clock_, 60s);
  EXPECT_TRUE(server.running());
  EXPECT_TRUE(server_is_running(options_.data_directory));
  EXPECT_EQ(ask(server, "SHOW shared_buffers"), "16MB");
  EXPECT_EQ(ask(server, "SHOW listen_addresses"), "");
  EXPECT_THAT(server.log_tail(), HasSubstr("database system is ready to accept connections"));
  EXPECT_THROW(ServerProcess(options_).start(), Error);  // there is one already
  server.stop("fast");
  EXPECT_FALSE(server.running());
  EXPECT_FALSE(server_is_running(options_.data_directory));
  EXPECT_THAT(server.log_tail(1), HasSubstr("database system is shut down"));
}

TEST_F(ServerProcessTest, AValueWithQuotesAndBlanks) {
  initialise();
  options_.settings["log_line_prefix"] = "echo 'a  b' \"$HOME\" \\ %p";
  ServerProcess server(options_);
  server.start();
  server.wait_until_ready(clock_, 60s);
  EXPECT_EQ(ask(server, "SHOW log_line_prefix"), options_.settings["log_line_prefix"]);
}

TEST_F(ServerProcessTest, TheDestructorStopsIt) {
  initialise();
  {
    ServerProcess server(options_);
    server.start();
    server.wait_until_ready(clock_, 60s);
    const ServerProcess moved(std::move(server));
    EXPECT_TRUE(moved.running());
  }
  EXPECT_FALSE(server_is_running(options_.data_directory));
}

TEST_F(ServerProcessTest, ADetachedOneLivesOnAndCanBeStoppedByAnother) {
  initialise();
  {
    ServerProcess server(options_);
    server.start();
    server.wait_until_ready(clock_, 60s);
    server.detach();
  }
  EXPECT_TRUE(server_is_running(options_.data_directory));
  ServerProcess other(options_);
  EXPECT_TRUE(other.running());
  EXPECT_EQ(ask(other, "SELECT 1"), "1");
  other.stop("fast");
  EXPECT_FALSE(server_is_running(options_.data_directory));
}

TEST_F(ServerProcessTest, KilledAllOfIt) {
  initialise();
  ServerProcess server(options_);
  server.start();
  server.wait_until_ready(clock_, 60s);
  server.kill();
  EXPECT_FALSE(server.running());
  EXPECT_FALSE(server_is_running(options_.data_directory));
  server.start();  // what a crash left is in nobody's way
  server.wait_until_ready(clock_, 60s);
  EXPECT_THAT(server.log_tail(), HasSubstr("was not properly shut down"));
}

TEST_F(ServerProcessTest, SaysWhyItDoesNotStart) {
  initialise();
  options_.settings["shared_buffers"] = "nonsense";
  ServerProcess server(options_);
  server.start();
  try {
    server.wait_until_ready(clock_, 60s);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::process);
    EXPECT_THAT(error.message(), HasSubstr("postgres ended before it was ready; its log ends with:\n"));
    EXPECT_THAT(error.message(), HasSubstr("invalid value for parameter \"shared_buffers\""));
  }
}

TEST_F(ServerProcessTest, ASocketNameThatIsTooLong) {
  initialise();
  options_.socket_directory = folder_ / std::string(100, 'x');
  try {
    ServerProcess(options_).start();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.message(), HasSubstr("than the 107 bytes that the system allows"));
  }
}

TEST_F(ServerProcessTest, InitdbSaysWhy) {
  initialise();
  try {
    initialise();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::process);
    EXPECT_THAT(error.message(), HasSubstr("exists but is not empty"));
  }
}

TEST(FindServerPrograms, DebiansOrTheGivenOnes) {
  const auto folder = test::postgres_bin_dir(15);
  EXPECT_EQ(find_server_programs(15, folder), folder);
  EXPECT_EQ(find_server_programs(15, folder.parent_path()), folder);
  EXPECT_TRUE(find_server_programs(15).has_value());
  EXPECT_FALSE(find_server_programs(12).has_value());
  EXPECT_FALSE(find_server_programs(15, "/nowhere") && find_server_programs(99, "/nowhere"));
}

}  // namespace
}  // namespace owl::postgres
