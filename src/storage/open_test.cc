#include "storage/open.h"

#include <gtest/gtest.h>

#include "storage/test_support.h"

namespace owl::storage {
namespace {

class OpenTest : public testing::Test {
 protected:
  static StoreOptions s3() {
    return {.name = "primary",
            .url = "s3://backups/db",
            .endpoint = "https://127.0.0.1:1",
            .access_key_id = Secret("id"),
            .secret_access_key = Secret("secret")};
  }
  OpenedStore open(const StoreOptions& options) { return open_store(options, clock_, random_); }
  void expect_wrong(const StoreOptions& options, const std::string& message, const std::string& hint) {
    const auto error = error_of([&] { open(options); });
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_EQ(error.what(), message);
    EXPECT_EQ(error.hint(), hint);
  }

  FakeClock clock_;
  FakeRandom random_;
};

TEST_F(OpenTest, NothingIsContacted) {
  const auto opened = open(s3());
  EXPECT_EQ(opened.name, "primary");
  EXPECT_EQ(opened.store->description(), "primary (s3://backups/db)");
  EXPECT_EQ(opened.meter->read().class_a, 0u);
  EXPECT_EQ(open({.name = "local", .url = "file:///nowhere/at/all/"}).store->description(),
            "local (file:///nowhere/at/all)");
}

TEST_F(OpenTest, ADeadEndpointIsRetriedMeteredAndThenTold) {
  auto options = s3();
  options.retries = 2;
  const auto opened = open(options);
  const auto error = error_of([&] { opened.store->get("owl.json"); });
  EXPECT_EQ(error.kind(), ErrorKind::unreachable);
  EXPECT_STREQ(error.what(),
               "after 3 tries: cannot read owl.json in primary (s3://backups/db): no connection to "
               "https://127.0.0.1:1: Connection refused");
  EXPECT_EQ(error.hint(), "Check that it is up, and that no firewall or proxy stands between.");
  EXPECT_EQ(opened.meter->read().class_b, 3u);
  EXPECT_EQ(opened.meter->read().retries, 2u);
}

TEST_F(OpenTest, TheWrongKeyIsNamed) {
  auto options = s3();
  options.url = "backups";
  expect_wrong(options, "storage.primary.url: \"backups\" is no URL of a store",
               "It has the form file:///path or s3://bucket/prefix.");
  options.url = "";
  expect_wrong(options, "storage.primary.url: is not set", "It has the form file:///path or s3://bucket/prefix.");
  options.url = "file://relative/path";
  expect_wrong(options, "storage.primary.url: \"file://relative/path\" has no absolute path",
               "It has the form file:///path: three slashes.");
  options = s3();
  options.tls_min = "1.1";
  expect_wrong(options, "storage.primary.tls_min: \"1.1\" is not known", "It is 1.3 or 1.2.");
  options = s3();
  options.secret_access_key = {};
  expect_wrong(options, "storage.primary.secret_access_key: is not set",
               "Set it in [storage.primary], or by the environment, or name a file that holds it.");
  options = s3();
  options.fault = "explode@1";
  expect_wrong(options, "storage.primary.fault: \"explode@1\" is no fault",
               "Faults are written as in kill@17, fail@5:transient, slow:50ms; see fault.h.");
}

TEST_F(OpenTest, FaultsLieBelowRetries) {
  auto options = s3();
  options.url = "file:///nowhere/at/all";
  options.fault = "fail@1:transient,fail@2:timeout";
  const auto opened = open(options);
  EXPECT_FALSE(opened.store->get("k"));
  EXPECT_EQ(opened.meter->read().retries, 2u);
}

}  // namespace
}  // namespace owl::storage
