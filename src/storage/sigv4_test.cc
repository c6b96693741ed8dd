#include "storage/sigv4.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "codec/hash.h"

namespace owl::storage {
namespace {

constexpr std::string_view sha256_of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Example {
  const char* name;
  const char* method;
  const char* path;
  Pairs query, headers;
  std::string payload_sha256;
  const char* signed_headers;
  const char* signature;
};

std::string sha256_hex(std::string_view text) {
  return to_hex(codec::sha256(as_bytes(text)));
}

// The examples of "Signature Calculations for the Authorization Header" in Amazon's S3 API reference.
TEST(SigV4, PublishedExamplesOfS3) {
  const std::string host = "examplebucket.s3.amazonaws.com", date = "20130524T000000Z";
  const std::string nothing(sha256_of_nothing);
  const Example examples[] = {
      {"get object",
       "GET",
       "/test.txt",
       {},
       {{"Host", host}, {"Range", "bytes=0-9"}, {"x-amz-content-sha256", nothing}, {"x-amz-date", date}},
       nothing,
       "host;range;x-amz-content-sha256;x-amz-date",
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"put object",
       "PUT",
       "/test%24file.text",
       {},
       {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
        {"Host", host},
        {"x-amz-date", date},
        {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
        {"x-amz-content-sha256", sha256_hex("Welcome to Amazon S3.")}},
       sha256_hex("Welcome to Amazon S3."),
       "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {"get bucket lifecycle",
       "GET",
       "/",
       {{"lifecycle", ""}},
       {{"Host", host}, {"x-amz-content-sha256", nothing}, {"x-amz-date", date}},
       nothing,
       "host;x-amz-content-sha256;x-amz-date",
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"list objects",
       "GET",
       "/",
       {{"prefix", "J"}, {"max-keys", "2"}},
       {{"Host", host}, {"x-amz-content-sha256", nothing}, {"x-amz-date", date}},
       nothing,
       "host;x-amz-content-sha256;x-amz-date",
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
  const Credentials credentials{"AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
  const SigningScope scope{"us-east-1", "s3", *parse_compact(date)};
  for (const auto& example : examples) {
    EXPECT_EQ(sign({example.method, example.path, example.query, example.headers, example.payload_sha256}, credentials,
                   scope),
              std::string("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                          "SignedHeaders=") +
                  example.signed_headers + ", Signature=" + example.signature)
        << example.name;
  }
}

// Cases of Amazon's general test suite for Signature Version 4 (service "service"), as far as S3's variant agrees.
TEST(SigV4, PublishedTestSuite) {
  const std::string host = "example.amazonaws.com", date = "20150830T123600Z", nothing(sha256_of_nothing);
  const std::string form = sha256_hex("Param1=value1");
  const std::string token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
  const Example examples[] = {
      {"get-vanilla",
       "GET",
       "/",
       {},
       {{"Host", host}, {"X-Amz-Date", date}},
       nothing,
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-with-session-token",
       "GET",
       "/",
       {},
       {{"Host", host}, {"X-Amz-Date", date}, {"X-Amz-Security-Token", token}},
       nothing,
       "host;x-amz-date;x-amz-security-token",
       "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
      {"get-vanilla-query",
       "GET",
       "/",
       {{"Param1", "value1"}},
       {{"Host", host}, {"X-Amz-Date", date}},
       nothing,
       "host;x-amz-date",
       "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/",
       {{"Param2", "value2"}, {"Param1", "value1"}},
       {{"Host", host}, {"X-Amz-Date", date}},
       nothing,
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-query-order-encoded",
       "GET",
       "/",
       {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\u1234", "Value1"}},
       {{"Host", host}, {"X-Amz-Date", date}},
       nothing,
       "host;x-amz-date",
       "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
      {"get-unreserved",
       "GET",
       "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       {},
       {{"Host", host}, {"X-Amz-Date", date}},
       nothing,
       "host;x-amz-date",
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-header-key-duplicate",
       "GET",
       "/",
       {},
       {{"Host", host},
        {"My-Header1", "value2"},
        {"My-Header1", "value2"},
        {"My-Header1", "value1"},
        {"X-Amz-Date", date}},
       nothing,
       "host;my-header1;x-amz-date",
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"get-header-value-trim",
       "GET",
       "/",
       {},
       {{"Host", host}, {"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}, {"X-Amz-Date", date}},
       nothing,
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-x-www-form-urlencoded",
       "POST",
       "/",
       {},
       {{"Content-Type", "application/x-www-form-urlencoded"},
        {"Host", host},
        {"Content-Length", "13"},
        {"x-amz-content-sha256", form},
        {"X-Amz-Date", date}},
       form,
       "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
       "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
  };
  const Credentials credentials{"AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")};
  const SigningScope scope{"us-east-1", "service", *parse_compact(date)};
  for (const auto& example : examples) {
    EXPECT_EQ(sign({example.method, example.path, example.query, example.headers, example.payload_sha256}, credentials,
                   scope),
              std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                          "SignedHeaders=") +
                  example.signed_headers + ", Signature=" + example.signature)
        << example.name;
  }
}

TEST(UriEncode, LeavesOnlyTheUnreserved) {
  EXPECT_EQ(uri_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(uri_encode("a b/c+d=e&f\xc3\xa4%"), "a%20b%2Fc%2Bd%3De%26f%C3%A4%25");
}

}  // namespace
}  // namespace owl::storage
