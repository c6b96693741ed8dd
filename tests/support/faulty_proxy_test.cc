#include "support/faulty_proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.h"
#include "support/s3_server.h"
#include "support/temp_dir.h"

namespace owl::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// In front of the real gateway, whose answer to a request without credentials is a 403 in XML.
class FaultyProxyTest : public testing::Test {
 protected:
  static RunResult ask(FaultyProxy& proxy, std::vector<std::string> more = {}, const std::string& path = "/") {
    std::vector<std::string> argv{"curl", "--silent", "--show-error", "--max-time", "20", proxy.url() + path};
    argv.insert(argv.end(), more.begin(), more.end());
    return run(std::move(argv));
  }
  FaultyProxy proxy{S3Server::shared(S3Kind::ceph).endpoint()};
};

TEST_F(FaultyProxyTest, PassesOnWhatTheServerSays) {
  const auto direct = run_ok({"curl", "--silent", S3Server::shared(S3Kind::ceph).endpoint() + "/none"});
  ASSERT_THAT(direct, HasSubstr("<Error>"));
  const auto through = ask(proxy, {}, "/none");
  EXPECT_EQ(through.exit_code, 0) << through;
  EXPECT_THAT(through.out, HasSubstr("<Error>"));
  EXPECT_EQ(proxy.happened(), 0);
}

TEST_F(FaultyProxyTest, RulesSayWhichRequestsAreMet) {
  proxy.set(
      {{.method = "GET", .part = "met", .fault = Fault::answer, .skip = 1, .every = 2, .times = 1, .status = 599}});
  const auto status = [&](const std::string& path) {
    return ask(proxy, {"--output", "/dev/null", "--write-out", "%{http_code}"}, path).out;
  };
  EXPECT_NE(status("/met"), "599");  // skipped
  EXPECT_NE(status("/met"), "599");  // the first of two
  EXPECT_NE(status("/other"), "599");
  EXPECT_EQ(status("/met"), "599");
  EXPECT_NE(status("/met"), "599");
  EXPECT_NE(status("/met"), "599");  // one was to be met
  EXPECT_EQ(proxy.happened(), 1);
}

TEST_F(FaultyProxyTest, CutsAndDelays) {
  constexpr int empty_reply = 52, partial_file = 18, broken_receive = 56, too_slow = 28;
  for (const auto fault : {Fault::cut_before, Fault::cut_after}) {
    proxy.set({{.fault = fault}});
    EXPECT_THAT(ask(proxy).exit_code, testing::AnyOf(empty_reply, broken_receive));
  }
  proxy.set({{.fault = Fault::cut_answer}});
  EXPECT_EQ(ask(proxy).exit_code, partial_file);
  proxy.set({{.fault = Fault::late, .delay = 10s}});
  EXPECT_EQ(ask(proxy, {"--max-time", "0.3"}).exit_code, too_slow);
  EXPECT_EQ(proxy.happened(), 1);
}

TEST_F(FaultyProxyTest, AnswersInTheServersPlace) {
  proxy.set({{.fault = Fault::answer, .status = 429, .headers = "Retry-After: 7\r\n", .body = "patience"}});
  const auto answer = ask(proxy, {"--include"});
  EXPECT_THAT(answer.out, testing::AllOf(HasSubstr("429"), HasSubstr("Retry-After: 7"), HasSubstr("patience")));
}

TEST_F(FaultyProxyTest, HarmsBodiesOfSuccesses) {
  const auto good = ask(proxy);  // a listing of no buckets, for nobody
  ASSERT_EQ(good.exit_code, 0) << good;
  ASSERT_GT(good.out.size(), 20u);
  proxy.set({{.fault = Fault::flip}});
  const auto flipped = ask(proxy);
  EXPECT_EQ(flipped.out.size(), good.out.size());
  EXPECT_NE(flipped.out, good.out);
  proxy.set({{.fault = Fault::shorten}});
  EXPECT_NEAR(static_cast<double>(ask(proxy).out.size()), static_cast<double>(good.out.size()) / 2, 8);
}

}  // namespace
}  // namespace owl::test
