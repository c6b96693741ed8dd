#include "storage/s3_place.h"

#include <gtest/gtest.h>

#include "storage/test_support.h"

namespace owl::storage {
namespace {

S3Place at(std::string url, std::string endpoint = {}, std::string region = "auto", std::string addressing = "auto") {
  return resolve({.section = "storage.primary",
                  .url = std::move(url),
                  .endpoint = std::move(endpoint),
                  .region = std::move(region),
                  .addressing = std::move(addressing)});
}

TEST(S3Place, R2IsSpokenToByPath) {
  const auto place = at("s3://backups/db/main/", "https://abc.eu.r2.cloudflarestorage.com/");
  EXPECT_EQ(place.bucket, "backups");
  EXPECT_EQ(place.prefix, "db/main");
  EXPECT_EQ(place.origin, "https://abc.eu.r2.cloudflarestorage.com");
  EXPECT_EQ(place.host, "abc.eu.r2.cloudflarestorage.com");
  EXPECT_EQ(place.base_path, "/backups");
  EXPECT_EQ(place.region, "auto");
}

TEST(S3Place, AmazonsEndpointFollowsFromTheRegion) {
  const auto place = at("s3://backups", "", "eu-central-1");
  EXPECT_EQ(place.origin, "https://backups.s3.eu-central-1.amazonaws.com");
  EXPECT_EQ(place.base_path, "");
  EXPECT_EQ(at("s3://backups", "", "cn-north-1").host, "backups.s3.cn-north-1.amazonaws.com.cn");
}

TEST(S3Place, ADotInTheBucketKeepsItOutOfTheHostName) {
  const auto place = at("s3://my.backups", "", "eu-central-1");
  EXPECT_EQ(place.origin, "https://s3.eu-central-1.amazonaws.com");
  EXPECT_EQ(place.base_path, "/my.backups");
}

TEST(S3Place, AddressingCanBeForced) {
  EXPECT_EQ(at("s3://backups", "https://minio:9000", "x", "host").origin, "https://backups.minio:9000");
  EXPECT_EQ(at("s3://backups", "", "us-east-1", "path").base_path, "/backups");
}

TEST(S3Place, TheDefaultPortIsNotSaid) {
  EXPECT_EQ(at("s3://backups", "https://h:443").origin, "https://h");
  EXPECT_EQ(at("s3://backups", "http://h:80").origin, "http://h");
  EXPECT_EQ(at("s3://backups", "http://h:443").origin, "http://h:443");
}

TEST(S3Place, WhatIsWrongIsNamed) {
  const struct {
    std::string url, endpoint, region, addressing, message, hint;
  } cases[] = {
      {"s3://", "https://h", "auto", "auto", "storage.primary.url: \"\" is no bucket name",
       "It has the form s3://bucket/prefix; buckets are 3 to 63 letters of a-z 0-9 - and ."},
      {"s3://My_Bucket/x", "https://h", "auto", "auto", "storage.primary.url: \"My_Bucket\" is no bucket name",
       "It has the form s3://bucket/prefix; buckets are 3 to 63 letters of a-z 0-9 - and ."},
      {"s3://bucket/a b", "https://h", "auto", "auto", "storage.primary.url: \"a b\" can't be the beginning of a key",
       "A prefix is made of A-Z a-z 0-9 . _ ~ - in parts joined by single slashes."},
      {"s3://bucket", "", "auto", "auto",
       "storage.primary.endpoint: is not set, and no region says which of Amazon's it is",
       "R2: https://<account id>.r2.cloudflarestorage.com. Amazon S3: set region, such as eu-central-1."},
      {"s3://bucket", "h:9000", "auto", "auto", "storage.primary.endpoint: \"h:9000\" is no endpoint",
       "It has the form https://host[:port], without bucket and path."},
      {"s3://bucket", "https://h/bucket", "auto", "auto",
       "storage.primary.endpoint: \"https://h/bucket\" is no endpoint",
       "It has the form https://host[:port], without bucket and path."},
      {"s3://bucket", "https://h", "auto", "virtual", "storage.primary.addressing: \"virtual\" is not known",
       "It is auto, path or host."},
  };
  for (const auto& test : cases) {
    const auto error = error_of([&] { at(test.url, test.endpoint, test.region, test.addressing); });
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_EQ(error.what(), test.message);
    EXPECT_EQ(error.hint(), test.hint);
  }
}

}  // namespace
}  // namespace owl::storage
