#include "support/s3_server.h"

#include <gtest/gtest.h>

#include "support/run.h"

namespace owl::test {
namespace {

/// The HTTP status of a signed request by curl, "000" where none came.
std::string request(const S3Server& server, const std::vector<std::string>& arguments, const std::string& path,
                    int zone = 1) {
  std::vector<std::string> argv{"curl",        "--silent",
                                "--output",    "/dev/null",
                                "--max-time",  "2",
                                "--write-out", "%{http_code}",
                                "--aws-sigv4", "aws:amz:" + server.region(zone) + ":s3",
                                "--user",      server.access_key() + ":" + server.secret_key(),
                                "--header",    "x-amz-content-sha256: UNSIGNED-PAYLOAD"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  argv.push_back(server.endpoint(zone) + path);
  return run(argv).out;
}

class EveryS3 : public testing::TestWithParam<S3Kind> {};

TEST_P(EveryS3, StoresInABucketOfOnesOwn) {
  auto& server = S3Server::shared(GetParam());
  const auto bucket = server.make_bucket();
  EXPECT_NE(server.make_bucket(), bucket);
  EXPECT_EQ(request(server, {"--request", "PUT", "--data-binary", "text"}, "/" + bucket + "/key"), "200");
  EXPECT_EQ(request(server, {}, "/" + bucket + "/key"), "200");
  EXPECT_EQ(request(server, {}, "/" + bucket + "/other"), "404");
  EXPECT_EQ(request(server, {"--user", server.access_key() + ":wrong"}, "/" + bucket + "/key"), "403");
}

TEST_P(EveryS3, HangsWhilePaused) {
  auto& server = S3Server::shared(GetParam());
  const auto path = "/" + server.make_bucket() + "/key";
  server.pause();
  EXPECT_EQ(request(server, {"--request", "PUT", "--data-binary", "text"}, path), "000");
  server.resume();
  EXPECT_EQ(request(server, {"--request", "PUT", "--data-binary", "text"}, path), "200");
}

TEST_P(EveryS3, KeepsWhatItHasOverAKill) {
  auto& server = S3Server::shared(GetParam());
  const auto path = "/" + server.make_bucket() + "/key";
  EXPECT_EQ(request(server, {"--request", "PUT", "--data-binary", "text"}, path), "200");
  server.kill_gateway();
  EXPECT_EQ(request(server, {}, path), "000");
  server.start_gateways();
  EXPECT_EQ(request(server, {}, path), "200");
}

INSTANTIATE_TEST_SUITE_P(All, EveryS3, testing::Values(S3Kind::ceph, S3Kind::r2),
                         [](const auto& param) { return param.param == S3Kind::ceph ? "ceph" : "r2"; });

TEST(Ceph, HasZonesThatFailAlone) {
  S3Server server(S3Kind::ceph, {.zones = 2, .tls = true});
  const std::vector<std::string> trust{"--cacert", server.ca_file()};
  const auto path = "/" + server.make_bucket() + "/key";
  auto put = trust;
  put.insert(put.end(), {"--request", "PUT", "--data-binary", "text"});
  EXPECT_EQ(request(server, put, path, 1), "200");
  EXPECT_EQ(request(server, trust, path, 2), "404");
  EXPECT_EQ(request(server, {}, path, 1), "000") << "an unknown authority was trusted";
  server.kill_gateway(2);
  EXPECT_EQ(request(server, trust, path, 2), "000");
  EXPECT_EQ(request(server, trust, path, 1), "200");
  server.start_gateways();
  EXPECT_EQ(request(server, trust, path, 2), "404");
}

}  // namespace
}  // namespace owl::test
