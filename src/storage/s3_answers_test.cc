#include "storage/s3_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace owl::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(S3Error, ReadsCodeAndMessage) {
  const auto answer =
      parse_s3_error("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>a &lt; b</Message></Error>");
  EXPECT_EQ(answer.code, "NoSuchKey");
  EXPECT_EQ(answer.message, "a < b");
}

TEST(S3Error, AnythingElseIsNoError) {
  for (const auto* body : {"", "<html><p>Bad gateway</html>", "<Other><Code>x</Code></Other>"}) {
    EXPECT_EQ(parse_s3_error(body).code, "") << body;
  }
}

TEST(S3List, ReadsAPage) {
  const auto page = parse_s3_list(
      "<ListBucketResult "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><EncodingType>url</EncodingType>"
      "<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>"
      "<Contents><Key>p/a%20b%7e</Key><LastModified>2026-11-22T14:30:00.000Z</LastModified><Size>7</Size></Contents>"
      "<Contents><Key>p/c</Key><LastModified>2026-11-22T14:30:01.250Z</LastModified><Size>0</Size><ETag>x</ETag></"
      "Contents>"
      "<CommonPrefixes><Prefix>p/d/</Prefix></CommonPrefixes></ListBucketResult>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next, "t&1");
  EXPECT_THAT(page->folders, ElementsAre("p/d/"));
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(page->objects[0].key, "p/a b~");
  EXPECT_EQ(page->objects[0].size, 7u);
  EXPECT_EQ(to_iso(page->objects[0].modified), "2026-11-22T14:30:00Z");
  EXPECT_EQ(page->objects[1].modified.micros % 1'000'000, 250'000);
}

TEST(S3List, KeysAreDecodedOnlyWhereTheyAreEncoded) {
  const auto page = parse_s3_list(
      "<ListBucketResult><IsTruncated>false</IsTruncated>"
      "<Contents><Key>a%20b</Key><LastModified>2026-11-22T14:30:00Z</LastModified><Size>7</Size></Contents></"
      "ListBucketResult>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects[0].key, "a%20b");
  EXPECT_EQ(page->next, "");
}

TEST(S3List, AnEmptyBucketIsAPage) {
  const auto page = parse_s3_list("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
  ASSERT_TRUE(page);
  EXPECT_THAT(page->objects, IsEmpty());
}

TEST(S3List, HalfAnAnswerIsNone) {
  const auto with = [](const std::string& inside) { return "<ListBucketResult>" + inside + "</ListBucketResult>"; };
  const std::string end = "<IsTruncated>false</IsTruncated>";
  const auto object = [](const std::string& key, const std::string& size, const std::string& time) {
    return "<EncodingType>url</EncodingType><Contents><Key>" + key + "</Key><LastModified>" + time +
           "</LastModified><Size>" + size + "</Size></Contents>";
  };
  const std::string now = "2026-11-22T14:30:00.000Z";
  for (const auto& body : {
           std::string(),
           std::string("<Error/>"),
           with(""),
           with("<IsTruncated>yes</IsTruncated>"),
           with("<IsTruncated>true</IsTruncated>"),
           with(end + object("a%2", "1", now)),
           with(end + object("a%zz", "1", now)),
           with(end + object("a", "", now)),
           with(end + object("a", "-1", now)),
           with(end + object("a", "1x", now)),
           with(end + object("a", "99999999999999999999", now)),
           with(end + object("a", "1", "yesterday")),
       }) {
    EXPECT_FALSE(parse_s3_list(body)) << body;
  }
}

}  // namespace
}  // namespace owl::storage
