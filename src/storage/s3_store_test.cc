#include "storage/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "http/scripted_server.h"
#include "storage/test_support.h"

namespace owl::storage {
namespace {

using http::ScriptedServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Reply = ScriptedServer::Reply;
using Seen = ScriptedServer::Request;

std::string fault(std::string_view code) {
  return "<Error><Code>" + std::string(code) + "</Code></Error>";
}

std::string listing(std::string_view keys, std::string_view next = {}) {
  std::string body =
      "<ListBucketResult><IsTruncated>" + std::string(next.empty() ? "false" : "true") + "</IsTruncated>";
  if (!next.empty()) body += "<NextContinuationToken>" + std::string(next) + "</NextContinuationToken>";
  for (const auto key : split(keys, ' ')) {
    body += "<Contents><Key>" + std::string(key) +
            "</Key><LastModified>2026-11-22T14:30:00.000Z</LastModified><Size>1</Size></Contents>";
  }
  return body + "</ListBucketResult>";
}

/// Answers that no real server gives on demand; what real ones do is in tests/conformance.
class S3StoreTest : public testing::Test {
 protected:
  void script(ScriptedServer::Script script) {
    server_ = std::make_unique<ScriptedServer>(std::move(script));
    S3StoreOptions options;
    options.name = "primary";
    options.place = resolve({.section = "storage.primary", .url = "s3://backups/db", .endpoint = server_->url("")});
    options.credentials = {"id", Secret("secret"), Secret("token")};
    store_ = std::make_unique<S3Store>(std::move(options), clock_);
  }
  void answer(std::vector<std::string> answers) {
    script([answers](int n, const Seen&) {
      return Reply{.bytes = answers.at(std::min(answers.size(), static_cast<std::size_t>(n)) - 1)};
    });
  }

  FakeClock clock_;
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<S3Store> store_;
};

TEST_F(S3StoreTest, APutIsConditionalSignedAndOfKnownLength) {
  answer({ScriptedServer::answer(200)});
  const ByteView pieces[] = {as_bytes("he"), as_bytes("llo")};
  EXPECT_EQ(store_->put_once("packs/ab", pieces, {}, {}), PutOutcome::stored);
  const auto seen = server_->requests().at(0);
  EXPECT_THAT(seen.head, HasSubstr("PUT /backups/db/packs/ab HTTP/1.1\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("If-None-Match: *\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(seen.head,
              HasSubstr("x-amz-content-sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("x-amz-security-token: token\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("SignedHeaders=content-type;host;if-none-match;x-amz-content-sha256;x-amz-date;"
                                   "x-amz-security-token, Signature="));
  EXPECT_THAT(seen.head, Not(HasSubstr("Expect")));
  EXPECT_THAT(seen.head, Not(HasSubstr("aws-chunked")));
  EXPECT_THAT(seen.head, Not(HasSubstr("secret\r\n")));
  EXPECT_EQ(seen.body, "hello");
}

TEST_F(S3StoreTest, EachRequestIsSignedAtItsOwnTime) {
  answer({ScriptedServer::answer(404, fault("NoSuchKey"))});
  store_->get("k", {});
  clock_.sleep(std::chrono::seconds(1), {});
  store_->get("k", {});
  const auto date = [this](std::size_t i) {
    const auto head = server_->requests().at(i).head;
    return head.substr(head.find("x-amz-date"), 30);
  };
  EXPECT_NE(date(0), date(1));
}

TEST_F(S3StoreTest, AnAmbiguousConflictIsNoOutcome) {
  answer({ScriptedServer::answer(409, fault("ConditionalRequestConflict"))});
  EXPECT_EQ(error_of([&] { store_->put_once("k", as_bytes("x")); }).kind(), ErrorKind::transient);
}

TEST_F(S3StoreTest, MessagesNameStoreAndKey) {
  answer({ScriptedServer::answer(503, fault("SlowDown"), "Retry-After: 3\r\n")});
  const auto error = error_of([&] { store_->put_once("packs/ab", as_bytes("x")); });
  EXPECT_STREQ(error.what(),
               "cannot store packs/ab in primary (s3://backups/db): the store asks for fewer requests (503 SlowDown)");
  EXPECT_EQ(error.kind(), ErrorKind::throttled);
  EXPECT_EQ(error.retry_after_ms(), 3000);
}

TEST_F(S3StoreTest, AMissingBucketIsNotAMissingObject) {
  script([](int, const Seen& seen) {
    if (seen.head.starts_with("HEAD")) return Reply{.bytes = "HTTP/1.1 404 X\r\n\r\n", .close = true};
    return Reply{.bytes = ScriptedServer::answer(404, fault("NoSuchBucket"))};
  });
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { store_->stat("k", {}); }, [&] { store_->get("k", {}); },
           [&] {
             store_->get_range("k", {0, 1}, {});
           },
           [&] { store_->remove("k", {}); }, [&] { list_all(*store_, ""); }, [&] { store_->list_folders("", {}); }}) {
    const auto error = error_of(call);
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.what(), HasSubstr("the bucket backups does not exist there (404 NoSuchBucket)"));
  }
}

TEST_F(S3StoreTest, AWebServersErrorPageIsNoAbsence) {
  script([](int, const Seen& seen) {
    if (seen.head.starts_with("HEAD")) return Reply{.bytes = "HTTP/1.1 404 X\r\n\r\n", .close = true};
    return Reply{.bytes = ScriptedServer::answer(404, "<html><h1>404 Not Found</h1></html>")};
  });
  for (const auto& call :
       std::vector<std::function<void()>>{[&] { store_->stat("k", {}); }, [&] { store_->get("k", {}); },
                                          [&] {
                                            store_->get_range("k", {0, 1}, {});
                                          }}) {
    const auto error = error_of(call);
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.what(), HasSubstr("what answers there is no S3 store, or not this one (404)"));
  }
}

TEST_F(S3StoreTest, OnceTheBucketIsKnownAMissingObjectCostsOneRequest) {
  script([](int, const Seen& seen) {
    if (seen.head.starts_with("HEAD")) return Reply{.bytes = "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"};
    return Reply{.bytes = ScriptedServer::answer(404, fault("NoSuchKey"))};
  });
  EXPECT_FALSE(store_->stat("k", {}));
  EXPECT_EQ(server_->requests().size(), 2u);
  EXPECT_FALSE(store_->stat("k", {}));
  EXPECT_EQ(server_->requests().size(), 3u);
}

TEST_F(S3StoreTest, AServerThatKnowsNoRangesIsHelped) {
  answer({ScriptedServer::answer(200, "0123456789")});
  EXPECT_EQ(as_text(*store_->get_range("k", {2, 3}, {})), "234");
  EXPECT_EQ(as_text(*store_->get_range("k", {std::nullopt, 4}, {})), "6789");
}

TEST_F(S3StoreTest, AnotherPartThanAskedForIsDamage) {
  for (const auto* range : {"bytes 3-5/10", "bytes 2-5/10", "bytes 2-3/10", "nonsense"}) {
    answer({ScriptedServer::answer(206, "234", "Content-Range: " + std::string(range) + "\r\n")});
    const auto error = error_of([&] { store_->get_range("k", {2, 3}, {}); });
    EXPECT_EQ(error.kind(), ErrorKind::integrity) << range;
    EXPECT_STREQ(error.what(),
                 "cannot read k in primary (s3://backups/db): the store returned another part than was asked for");
  }
  answer({ScriptedServer::answer(206, "23", "Content-Range: bytes 2-3/10\r\n")});
  EXPECT_EQ(error_of([&] { store_->get_range("k", {2, 3}, {}); }).kind(), ErrorKind::integrity);
  EXPECT_EQ(as_text(*store_->get_range("k", {2, 2}, {})), "23");
}

TEST_F(S3StoreTest, AListingFollowsItsPages) {
  answer(
      {ScriptedServer::answer(200, listing("db/a db/b", "token 1/+")), ScriptedServer::answer(200, listing("db/c"))});
  std::vector<std::string> keys;
  store_->list("", "Z",
               [&](const ObjectInfo& info) {
                 keys.push_back(info.key);
                 return true;
               },
               {});
  EXPECT_THAT(keys, ElementsAre("a", "b", "c"));
  EXPECT_THAT(server_->requests().at(0).head,
              HasSubstr("GET /backups?encoding-type=url&list-type=2&prefix=db%2F&start-after=db%2FZ HTTP/1.1\r\n"));
  EXPECT_THAT(server_->requests().at(1).head,
              HasSubstr("GET /backups?continuation-token=token%201%2F%2B&encoding-type=url&list-type=2&prefix=db%2F&"
                        "start-after=db%2FZ HTTP/1.1\r\n"));
}

TEST_F(S3StoreTest, StrangersInTheBucketAreLeftOut) {
  answer({ScriptedServer::answer(200, listing("db/ db/a db/b//c db/d/"))});
  std::vector<std::string> keys;
  for (const auto& info : list_all(*store_, "")) keys.push_back(info.key);
  EXPECT_THAT(keys, ElementsAre("a"));
}

TEST_F(S3StoreTest, AListingMayNotLieAboutItsOrder) {
  for (const auto* keys : {"db/b db/a", "db/a db/a", "other/a"}) {
    answer({ScriptedServer::answer(200, listing(keys))});
    const auto error = error_of([&] { list_all(*store_, ""); });
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_STREQ(error.what(), "cannot list primary (s3://backups/db): the store does not list in the order of keys");
  }
}

TEST_F(S3StoreTest, AListingThatGoesInACircleEnds) {
  answer({ScriptedServer::answer(200,
                                 "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t"
                                 "</NextContinuationToken></ListBucketResult>")});
  EXPECT_STREQ(error_of([&] { list_all(*store_, "x/"); }).what(),
               "cannot list x/ in primary (s3://backups/db): the store's listing goes in a circle");
}

TEST_F(S3StoreTest, AnAnswerThatIsNoListingIsSaidToBeNone) {
  answer({ScriptedServer::answer(200, "<html>Welcome</html>")});
  EXPECT_STREQ(error_of([&] { list_all(*store_, ""); }).what(),
               "cannot list primary (s3://backups/db): an answer that is no listing");
}

TEST_F(S3StoreTest, TheStoresTimeComesFromAnyAnswer) {
  answer({ScriptedServer::answer(200, "", "Date: Sun, 22 Nov 2026 14:30:00 GMT\r\n")});
  EXPECT_EQ(to_iso(*store_->server_time({})), "2026-11-22T14:30:00Z");
  clock_.sleep(std::chrono::seconds(90), {});
  EXPECT_EQ(to_iso(*store_->server_time({})), "2026-11-22T14:31:30Z");
  EXPECT_EQ(server_->requests().size(), 1u);
  clock_.sleep(std::chrono::minutes(10), {});
  store_->server_time({});
  EXPECT_EQ(server_->requests().size(), 2u);
}

TEST_F(S3StoreTest, AnAnswerCutShortIsTransient) {
  script([](int, const Seen&) {
    return Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .close = true};
  });
  EXPECT_EQ(error_of([&] { store_->get("k", {}); }).kind(), ErrorKind::transient);
}

}  // namespace
}  // namespace owl::storage
