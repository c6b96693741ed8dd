// What only a real S3 server can be asked: credentials, buckets, clocks, certificates, quotas.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "conformance/subject.h"
#include "storage/test_support.h"
#include "storage/write_once.h"
#include "support/s3_server.h"

namespace owl::storage {
namespace {

using test::S3Kind;
using test::S3Server;
using testing::ElementsAre;
using testing::IsEmpty;

class RealS3 : public testing::TestWithParam<S3Kind> {
 protected:
  static std::string bucket() {
    static std::map<S3Kind, std::string> buckets;
    auto& name = buckets[GetParam()];
    if (name.empty()) name = server().make_bucket();
    return name;
  }
  static S3Server& server() { return S3Server::shared(GetParam()); }
  StoreOptions options(const std::string& prefix = "p") const { return options_for(server(), bucket(), prefix); }
  std::string where() const { return "primary (s3://" + bucket() + "/p)"; }
};

INSTANTIATE_TEST_SUITE_P(Every, RealS3, testing::Values(S3Kind::ceph, S3Kind::r2),
                         [](const auto& instance) { return instance.param == S3Kind::ceph ? "ceph" : "r2"; });

TEST_P(RealS3, AWrongSecretIsDenied) {
  auto wrong = options();
  wrong.secret_access_key = Secret("not-the-secret");
  const auto store = bare_s3(wrong, system_clock());
  const auto error = error_of([&] { store->put_once("packs/ab", as_bytes("x")); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_EQ(error.what(),
            "cannot store packs/ab in " + where() +
                ": the secret access key does not belong to the access key id (403 SignatureDoesNotMatch)");
  EXPECT_EQ(error.hint(),
            "Check secret_access_key in [storage.primary]; a letter lost in copying is the usual reason.");
  EXPECT_EQ(error.http_status(), 403);
}

TEST_P(RealS3, AnUnknownAccessKeyIsDenied) {
  auto wrong = options();
  wrong.access_key_id = Secret("nobody");
  const auto error = error_of([&] { bare_s3(wrong, system_clock())->get("k", {}); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_EQ(error.what(),
            "cannot read k in " + where() + ": the store does not know this access key id (403 InvalidAccessKeyId)");
}

TEST_P(RealS3, AnUnknownBucketIsAMistakeInTheConfiguration) {
  auto wrong = options();
  wrong.url = "s3://no-such-bucket/p";
  const auto store = bare_s3(wrong, system_clock());
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { store->put_once("k", as_bytes("x")); }, [&] { store->get("k", {}); }, [&] { store->stat("k", {}); },
           [&] { list_all(*store, ""); }, [&] { store->remove("k", {}); }}) {
    const auto error = error_of(call);
    EXPECT_EQ(error.kind(), ErrorKind::config) << error.what();
    EXPECT_THAT(error.what(), testing::EndsWith("primary (s3://no-such-bucket/p): the bucket no-such-bucket does not "
                                                "exist there (404 NoSuchBucket)"));
  }
}

TEST_P(RealS3, PrefixesDontSeeEachOther) {
  const auto a = bare_s3(options("shared/a"), system_clock()), b = bare_s3(options("shared/ab"), system_clock());
  a->put_once("k", as_bytes("of a"));
  b->put_once("k", as_bytes("of b"));
  EXPECT_EQ(list_all(*a, "").size(), 1u);
  EXPECT_EQ(as_text(*b->get("k", {})), "of b");
  EXPECT_THAT(bare_s3(options("shared"), system_clock())->list_folders("", {}), ElementsAre("a", "ab"));
}

TEST_P(RealS3, AStoreMayHaveTheWholeBucket) {
  auto whole = options();
  whole.url = "s3://" + server().make_bucket();
  const auto store = bare_s3(whole, system_clock());
  EXPECT_THAT(list_all(*store, ""), IsEmpty());
  store->put_once("a/b", as_bytes("x"));
  EXPECT_THAT(store->list_folders("", {}), ElementsAre("a"));
  EXPECT_EQ(list_all(*store, "a/").size(), 1u);
}

TEST_P(RealS3, StrangersInTheBucketAreLeftOut) {
  const auto place = resolve({.section = "storage.primary",
                              .url = options("strangers").url,
                              .endpoint = server().endpoint(),
                              .region = server().region()});
  S3Client client(place, {server().access_key(), Secret(server().secret_key())}, {}, {}, system_clock());
  for (const auto* path : {"/strangers/a%20b%26%3C%3E", "/strangers/%C3%A4", "/strangers/x%2By"}) {
    EXPECT_EQ(client.send({.method = "PUT", .path = path}, {}).status, 200) << path;
  }
  const auto store = bare_s3(options("strangers"), system_clock());
  store->put_once("b", as_bytes("x"));
  const auto all = list_all(*store, "");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].key, "b");
}

TEST_P(RealS3, AClockThatIsOffIsDeniedWithByHowMuch) {
  class WrongClock final : public Clock {
   public:
    Timestamp now() const override { return system_clock().now() + std::chrono::hours(3); }
    std::chrono::nanoseconds monotonic() const override { return system_clock().monotonic(); }
    bool sleep(std::chrono::nanoseconds d, std::stop_token stop) override { return system_clock().sleep(d, stop); }
  } clock;
  const auto error = error_of([&] { bare_s3(options(), clock)->put_once("k", as_bytes("x")); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_EQ(error.what(), "cannot store k in " + where() +
                              ": this host's clock is too far from the store's (403 RequestTimeTooSkewed)");
  if (GetParam() == S3Kind::r2) return;  // the simulation sends no Date; R2 does
  EXPECT_THAT(error.hint(), testing::MatchesRegex("It is (3 h 00|2 h 59) min ahead. "
                                                  "Synchronise it \\(timedatectl set-ntp true\\)."));
}

TEST_P(RealS3, AllTheWrappersTogether) {
  os::SystemRandom random;
  auto configured = options("together");
  configured.fault = "fail%30:transient,seed=3";
  configured.retries = 20;
  const auto opened = open_store(configured, system_clock(), random);
  const ByteView pieces[] = {as_bytes("salt"), as_bytes("body")};
  EXPECT_EQ(create(*opened.store, system_clock(), "k", pieces, 4), CreateResult::created);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(as_text(*opened.store->get("k")), "saltbody");
  EXPECT_EQ(list_all(*opened.store, "").size(), 1u);
  EXPECT_GT(opened.meter->read().retries, 0u);
  EXPECT_EQ(opened.meter->read().bytes_down, 80u);
}

/// A cluster of its own, for what would disturb others.
class CephWithTls : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<S3Server>(S3Kind::ceph, test::S3Options{.tls = true}); }
  static void TearDownTestSuite() { server_.reset(); }
  StoreOptions options() const {
    static const auto bucket = server_->make_bucket();
    return options_for(*server_, bucket);
  }
  static std::unique_ptr<S3Server> server_;
};
std::unique_ptr<S3Server> CephWithTls::server_;

TEST_F(CephWithTls, ACertificateOfAKnownAuthorityIsTrusted) {
  auto trusting = options();
  trusting.ca_file = server_->ca_file();
  const auto store = bare_s3(trusting, system_clock());
  EXPECT_EQ(store->put_once("k", pattern(1 << 20)), PutOutcome::stored);
  EXPECT_TRUE(equal(*store->get("k", {}), pattern(1 << 20)));
}

TEST_F(CephWithTls, AnUnknownAuthorityIsDenied) {
  const auto error = error_of([&] { bare_s3(options(), system_clock())->get("k", {}); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_EQ(error.what(), "cannot read k in primary (" + options().url + "): the certificate of " +
                              server_->endpoint() + " is not trusted: unable to get local issuer certificate");
  EXPECT_EQ(error.hint(), "If a private authority signed it, name that authority's certificate in ca_file.");
}

TEST_F(CephWithTls, AnotherHostsCertificateIsDenied) {
  auto other = options();
  other.ca_file = server_->ca_file();
  // This machine by a name that its certificate doesn't have.
  other.endpoint = "https://0.0.0.0" + server_->endpoint().substr(server_->endpoint().rfind(':'));
  const auto error = error_of([&] { bare_s3(other, system_clock())->get("k", {}); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_EQ(error.what(), "cannot read k in primary (" + options().url + "): the certificate of " + other.endpoint +
                              " is not trusted: no alternative certificate subject name matches target host name "
                              "'0.0.0.0'");
  EXPECT_EQ(error.hint(), "Use a host name that the certificate names.");
}

TEST_F(CephWithTls, AMissingFileOfAuthoritiesIsAMistakeInTheConfiguration) {
  auto other = options();
  other.ca_file = "/no/such/ca.pem";
  const auto error = error_of([&] { bare_s3(other, system_clock())->get("k", {}); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_EQ(error.what(), "cannot read k in primary (" + options().url +
                              "): the file of trusted certificates /no/such/ca.pem cannot be read");
}

TEST_F(CephWithTls, PlainHttpToATlsPortIsToldApart) {
  auto plain = options();
  plain.endpoint = "http" + plain.endpoint.substr(5);
  const auto error = error_of([&] { bare_s3(plain, system_clock())->get("k", {}); });
  EXPECT_TRUE(error.kind() == ErrorKind::transient || error.kind() == ErrorKind::refused) << error.what();
}

// Writing to a closed TLS connection raises SIGPIPE, which ends a process that isn't prepared.
TEST_F(CephWithTls, AServerKilledInTheMiddleOfAPutKillsNobodyElse) {
  auto trusting = options();
  trusting.ca_file = server_->ca_file();
  const auto store = bare_s3(trusting, system_clock());
  const auto bytes = pattern(16 << 20);
  std::jthread killer([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    server_->kill_gateway();
  });
  const auto error = error_of([&] {
    for (int i = 0; i < 1000; ++i) store->put_once("killed/" + std::to_string(i), bytes);
  });
  EXPECT_TRUE(error.retryable()) << error.what();
  EXPECT_THAT(error.what(), testing::StartsWith("cannot store killed/"));
}

}  // namespace
}  // namespace owl::storage
