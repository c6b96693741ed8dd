#include "config/location.h"

#include <gtest/gtest.h>

namespace owl::config {
namespace {

TEST(StoreUrl, TakesBucketsAndAbsoluteFolders) {
  for (const char* url : {"s3://bucket", "s3://bucket/", "s3://my.bucket-1/a/b_c~d", "s3://bucket/prefix/",
                          "file:///backups", "file:///srv/my backups/"}) {
    EXPECT_EQ(wrong_store_url(url), "") << url;
  }
}

TEST(StoreUrl, SaysWhatIsWrong) {
  EXPECT_EQ(wrong_store_url(""), "the scheme must be s3 or file");
  EXPECT_EQ(wrong_store_url("https://bucket"), "the scheme must be s3 or file");
  EXPECT_EQ(wrong_store_url("/srv/backups"), "the scheme must be s3 or file");
  EXPECT_EQ(wrong_store_url("s3://"), "the bucket is missing");
  EXPECT_EQ(wrong_store_url("s3:///prefix"), "the bucket is missing");
  EXPECT_EQ(wrong_store_url("s3://a b/prefix"), "the bucket's name may have letters, digits and . - _");
  EXPECT_EQ(wrong_store_url("s3://b/a//c"), "the prefix has an empty part");
  EXPECT_EQ(wrong_store_url("s3://b/a/../c"), "the prefix must not have a part \"..\"");
  EXPECT_EQ(wrong_store_url("s3://b/ü"), "the prefix may have letters, digits and . _ ~ - between its slashes");
  EXPECT_EQ(wrong_store_url("file://backups"), "the path must be absolute: file:///path");
  EXPECT_EQ(wrong_store_url("file://"), "the path must be absolute: file:///path");
  EXPECT_EQ(wrong_store_url("file:///"), "the path is missing");
  EXPECT_EQ(wrong_store_url("file:///a\nb"), "it has a control character in it");
}

TEST(Endpoint, TakesHostsWithAndWithoutPort) {
  for (const char* url : {"", "https://a.r2.cloudflarestorage.com", "https://minio:9000", "https://a.example/",
                          "http://127.0.0.1:9000", "https://[2001:db8::1]:9000", "https://[::1]"}) {
    EXPECT_EQ(wrong_endpoint(url), "") << url;
  }
}

TEST(Endpoint, SaysWhatIsWrong) {
  EXPECT_EQ(wrong_endpoint("a.r2.cloudflarestorage.com"), "it must begin with https://");
  EXPECT_EQ(wrong_endpoint("https://a.example/bucket"), "it must end after the host; the bucket belongs into url");
  EXPECT_EQ(wrong_endpoint("https://"), "the host is missing or has a character that no host has");
  EXPECT_EQ(wrong_endpoint("https://user@host"), "the host is missing or has a character that no host has");
  EXPECT_EQ(wrong_endpoint("https://[::1"), "the host is missing or has a character that no host has");
  EXPECT_EQ(wrong_endpoint("https://host:0"), "the port must be a number from 1 to 65535");
  EXPECT_EQ(wrong_endpoint("https://host:65536"), "the port must be a number from 1 to 65535");
  EXPECT_EQ(wrong_endpoint("https://host:"), "the port must be a number from 1 to 65535");
}

TEST(PlainHttp, IsFineOnThisHostOnly) {
  for (const char* url : {"https://minio:9000", "http://localhost:9000", "http://127.0.0.1", "http://127.1.2.3:80/",
                          "http://[::1]:9000", "http://LOCALHOST", ""}) {
    EXPECT_FALSE(is_plain_http_elsewhere(url)) << url;
  }
  for (const char* url : {"http://minio:9000", "http://10.0.0.1", "http://[2001:db8::1]", "http://127.evil.example",
                          "http://localhost.evil.example", "http://127.0.0.1.evil.example"}) {
    EXPECT_TRUE(is_plain_http_elsewhere(url)) << url;
  }
}

TEST(ListenAddress, NeedsHostAndPort) {
  EXPECT_EQ(wrong_listen_address("127.0.0.1:7878"), "");
  EXPECT_EQ(wrong_listen_address("[::1]:7878"), "");
  EXPECT_EQ(wrong_listen_address(""), "");
  for (const char* address : {"7878", ":7878", "localhost", "localhost:http", "::1:7878"}) {
    EXPECT_EQ(wrong_listen_address(address), "it must be host:port, such as 127.0.0.1:7878 or [::1]:7878") << address;
  }
}

TEST(AlertUrls, NeedTheirScheme) {
  EXPECT_EQ(wrong_web_url("https://hooks.slack.com/services/x"), "");
  EXPECT_EQ(wrong_web_url("hooks.slack.com"), "it must be a URL that begins with https://");
  EXPECT_EQ(wrong_smtp_url("smtps://u:p@mail.example:465"), "");
  EXPECT_EQ(wrong_smtp_url("mail.example:465"), "it must be a URL that begins with smtps:// or smtp://");
}

}  // namespace
}  // namespace owl::config
