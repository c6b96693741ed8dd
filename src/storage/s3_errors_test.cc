#include "storage/s3_errors.h"

#include <gtest/gtest.h>

namespace owl::storage {
namespace {

const S3Speaker speaker{"primary", "backups", "auto"};

http::Response answer(int status, std::string_view code, std::string_view message = {}) {
  http::Response response;
  response.status = status;
  if (!code.empty()) {
    response.body = to_bytes(as_bytes("<Error><Code>" + std::string(code) + "</Code><Message>" + std::string(message) +
                                      "</Message></Error>"));
  }
  return response;
}

TEST(S3Errors, EveryAnswerHasItsKindItsReasonAndItsHint) {
  const struct {
    int status;
    const char* code;
    ErrorKind kind;
    const char* message;
    const char* hint;
  } cases[] = {
      {403, "InvalidAccessKeyId", ErrorKind::denied,
       "the store does not know this access key id (403 InvalidAccessKeyId)",
       "Check access_key_id in [storage.primary]; on R2 it is the API token's id, and each jurisdiction knows only its "
       "own."},
      {403, "SignatureDoesNotMatch", ErrorKind::denied,
       "the secret access key does not belong to the access key id (403 SignatureDoesNotMatch)",
       "Check secret_access_key in [storage.primary]; a letter lost in copying is the usual reason."},
      {403, "AccessDenied", ErrorKind::denied,
       "the credentials are good, but don't give the right to do this (403 AccessDenied)",
       "Give them this right on bucket backups, or use others in [storage.primary]. A bucket lock refuses so, too."},
      {403, "ObjectLockedByBucketPolicy", ErrorKind::denied, "a bucket lock keeps it (403 ObjectLockedByBucketPolicy)",
       "It can be removed when the lock's time has passed. That is what the lock is for."},
      {404, "NoSuchBucket", ErrorKind::config, "the bucket backups does not exist there (404 NoSuchBucket)",
       "Create it, or correct url and endpoint in [storage.primary]. On R2 a bucket with a jurisdiction is seen only "
       "at "
       "that jurisdiction's endpoint."},
      {400, "InvalidRegionName", ErrorKind::config, "the store knows no region auto (400 InvalidRegionName)",
       "Set region in [storage.primary]; R2's is auto."},
      {403, "QuotaExceeded", ErrorKind::disk_full, "the quota is used up (403 QuotaExceeded)",
       "Raise it, or let older backups expire."},
      {507, "XMinioStorageFull", ErrorKind::disk_full, "the store has no space left (507 XMinioStorageFull)",
       "Add disks to it, or let older backups expire."},
      {400, "XAmzContentSHA256Mismatch", ErrorKind::integrity,
       "what arrived is not what was sent: the SHA-256 differs (400 XAmzContentSHA256Mismatch)",
       "Look for a proxy that changes uploads, and for faulty memory."},
      {409, "ConditionalRequestConflict", ErrorKind::transient,
       "another write to the same key is under way (409 ConditionalRequestConflict)", ""},
      {503, "SlowDown", ErrorKind::throttled, "the store asks for fewer requests (503 SlowDown)", ""},
      {429, "", ErrorKind::throttled, "the store asks for fewer requests (429)", ""},
      {500, "InternalError", ErrorKind::transient, "the store failed (500 InternalError): \"words\"", ""},
      {503, "", ErrorKind::transient, "the store failed (503)", ""},
      {403, "", ErrorKind::denied, "the store refuses access (403)",
       "Check the credentials in [storage.primary] and their rights."},
      {404, "", ErrorKind::config, "what answers there is no S3 store, or not this one (404)",
       "Check url and endpoint in [storage.primary]."},
      {301, "", ErrorKind::config, "the store sends us elsewhere (301)",
       "Check endpoint and region in [storage.primary]."},
      {400, "Odd", ErrorKind::refused, "the store refuses the request (400 Odd): \"words\"", ""},
  };
  for (const auto& test : cases) {
    const auto error = to_error(answer(test.status, test.code, "words"), speaker, {});
    EXPECT_STREQ(error.what(), test.message);
    EXPECT_EQ(error.hint(), test.hint);
    EXPECT_EQ(error.kind(), test.kind) << test.message;
    EXPECT_EQ(error.http_status(), test.status);
  }
}

TEST(S3Errors, AClockThatIsOffIsToldByHowMuch) {
  auto response = answer(403, "RequestTimeTooSkewed");
  response.headers.add("Date", "Sun, 22 Nov 2026 14:30:00 GMT");
  const auto now = [](std::string_view text) { return *parse_compact(text); };
  const auto ahead = to_error(response, speaker, now("20261122T175000Z"));
  EXPECT_STREQ(ahead.what(), "this host's clock is too far from the store's (403 RequestTimeTooSkewed)");
  EXPECT_EQ(ahead.kind(), ErrorKind::denied);
  EXPECT_EQ(ahead.hint(), "It is 3 h 20 min ahead. Synchronise it (timedatectl set-ntp true).");
  EXPECT_EQ(to_error(response, speaker, now("20261122T141000Z")).hint(),
            "It is 20 min 00 s behind. Synchronise it (timedatectl set-ntp true).");
}

TEST(S3Errors, AClockThatIsOffIsToldWhereTheAnswerHasNoBody) {
  auto response = answer(403, "");
  response.body.clear();
  response.headers.add("Date", "Sun, 22 Nov 2026 14:30:00 GMT");
  const auto now = [](std::string_view text) { return *parse_compact(text); };
  const auto behind = to_error(response, speaker, now("20261122T133000Z"));
  EXPECT_STREQ(behind.what(), "this host's clock is too far from the store's (403)");
  EXPECT_EQ(behind.hint(), "It is 1 h 00 min behind. Synchronise it (timedatectl set-ntp true).");
  EXPECT_STREQ(to_error(response, speaker, now("20261122T142000Z")).what(), "the store refuses access (403)");
}

TEST(S3Errors, RetryAfterIsReadInBothForms) {
  const auto now = *parse_compact("20261122T143000Z");
  const auto after = [&](std::string value) {
    auto response = answer(503, "SlowDown");
    response.headers.add("retry-after", std::move(value));
    return to_error(response, speaker, now).retry_after_ms();
  };
  EXPECT_EQ(after("7"), 7000);
  EXPECT_EQ(after("Sun, 22 Nov 2026 14:30:09 GMT"), 9000);
  EXPECT_EQ(after("Sun, 22 Nov 2026 14:29:00 GMT"), 0);
  EXPECT_EQ(after("-3"), 0);
  EXPECT_EQ(after("99999999999"), 24 * 3600 * 1000);
  EXPECT_EQ(after("soon"), 0);
}

TEST(S3Errors, TheStoresWordsAreMadeHarmless) {
  const auto error = to_error(answer(400, "Odd", "a\x1b[31mb" + std::string(500, 'x')), speaker, {});
  const std::string text = error.what();
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_LT(text.size(), 300u);
}

}  // namespace
}  // namespace owl::storage
