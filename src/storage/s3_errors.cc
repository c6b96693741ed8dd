#include "storage/s3_errors.h"

#include <fmt/args.h>
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/units.h"
#include "http/date.h"
#include "storage/number.h"
#include "storage/s3_answers.h"

namespace owl::storage {
namespace {

/// {name}, {bucket} and {region} are filled in.
struct Known {
  std::string_view code;
  ErrorKind kind;
  std::string_view why, hint;
};

// clang-format off
constexpr Known by_code[] = {
    {"InvalidAccessKeyId", ErrorKind::denied, "the store does not know this access key id",
     "Check access_key_id in [storage.{name}]; on R2 it is the API token's id, and each jurisdiction knows only its own."},
    {"SignatureDoesNotMatch", ErrorKind::denied, "the secret access key does not belong to the access key id",
     "Check secret_access_key in [storage.{name}]; a letter lost in copying is the usual reason."},
    {"AccessDenied", ErrorKind::denied, "the credentials are good, but don't give the right to do this",
     "Give them this right on bucket {bucket}, or use others in [storage.{name}]. A bucket lock refuses so, too."},
    {"ObjectLockedByBucketPolicy", ErrorKind::denied, "a bucket lock keeps it",
     "It can be removed when the lock's time has passed. That is what the lock is for."},
    {"InvalidToken", ErrorKind::denied, "the session token is not valid", "Get new temporary credentials for [storage.{name}]."},
    {"ExpiredToken", ErrorKind::denied, "the session token has expired", "Get new temporary credentials for [storage.{name}]."},
    {"UserSuspended", ErrorKind::denied, "the account is suspended", "Ask whoever runs the store."},
    {"AccountProblem", ErrorKind::denied, "the account has a problem", "Look at the provider's billing page."},
    {"NoSuchBucket", ErrorKind::config, "the bucket {bucket} does not exist there",
     "Create it, or correct url and endpoint in [storage.{name}]. On R2 a bucket with a jurisdiction is seen only at that "
     "jurisdiction's endpoint."},
    {"InvalidBucketName", ErrorKind::config, "the store takes {bucket} for no bucket name", "Correct url in [storage.{name}]."},
    {"InvalidRegionName", ErrorKind::config, "the store knows no region {region}", "Set region in [storage.{name}]; R2's is auto."},
    {"AuthorizationHeaderMalformed", ErrorKind::config, "the store is not in region {region}",
     "Set region in [storage.{name}] to the bucket's own."},
    {"PermanentRedirect", ErrorKind::config, "the bucket {bucket} is in another region",
     "Set region and endpoint in [storage.{name}] to the bucket's own."},
    {"QuotaExceeded", ErrorKind::disk_full, "the quota is used up", "Raise it, or let older backups expire."},
    {"XMinioStorageFull", ErrorKind::disk_full, "the store has no space left", "Add disks to it, or let older backups expire."},
    {"InsufficientStorage", ErrorKind::disk_full, "the store has no space left", "Add disks to it, or let older backups expire."},
    {"XAmzContentSHA256Mismatch", ErrorKind::integrity, "what arrived is not what was sent: the SHA-256 differs",
     "Look for a proxy that changes uploads, and for faulty memory."},
    {"BadDigest", ErrorKind::integrity, "what arrived is not what was sent: the digest differs",
     "Look for a proxy that changes uploads, and for faulty memory."},
    {"IncompleteBody", ErrorKind::transient, "the body did not arrive whole", ""},
    {"RequestTimeout", ErrorKind::transient, "the body did not arrive in time", ""},
    {"ConditionalRequestConflict", ErrorKind::transient, "another write to the same key is under way", ""},
    {"OperationAborted", ErrorKind::transient, "another operation on the same thing is under way", ""},
    {"SlowDown", ErrorKind::throttled, "the store asks for fewer requests", ""},
    {"TooManyRequests", ErrorKind::throttled, "the store asks for fewer requests", ""},
    {"EntityTooLarge", ErrorKind::refused, "the object is larger than the store takes", ""},
    {"NotImplemented", ErrorKind::unsupported, "the store can't do this",
     "It must know conditional writes (If-None-Match) and ListObjectsV2, as Amazon S3, R2 and Ceph do."},
};
// clang-format on

Known by_status(int status) {
  if (status == 429) return {"", ErrorKind::throttled, "the store asks for fewer requests", ""};
  if (status == 401 || status == 403) {
    return {"", ErrorKind::denied, "the store refuses access",
            "Check the credentials in [storage.{name}] and their rights."};
  }
  if (status == 404) {
    return {"", ErrorKind::config, "what answers there is no S3 store, or not this one",
            "Check url and endpoint in [storage.{name}]."};
  }
  if (status == 408) return {"", ErrorKind::transient, "the request did not arrive in time", ""};
  if (status == 409) return {"", ErrorKind::transient, "another operation on the same thing is under way", ""};
  if (status == 501) return {"", ErrorKind::unsupported, "the store can't do this", ""};
  if (status == 507) return {"", ErrorKind::disk_full, "the store has no space left", "Let older backups expire."};
  if (status >= 500) return {"", ErrorKind::transient, "the store failed", ""};
  if (status >= 300 && status < 400) {
    return {"", ErrorKind::config, "the store sends us elsewhere", "Check endpoint and region in [storage.{name}]."};
  }
  return {"", ErrorKind::refused, "the store refuses the request", ""};
}

Known look_up(int status, std::string_view code) {
  for (const auto& known : by_code) {
    if (known.code == code) return known;
  }
  return by_status(status);
}

std::string filled(std::string_view pattern, const S3Speaker& speaker) {
  return fmt::format(fmt::runtime(pattern), fmt::arg("name", speaker.name), fmt::arg("bucket", speaker.bucket),
                     fmt::arg("region", speaker.region));
}

/// The store's own words, where ours don't know the code; cut, and without what a terminal would act on.
std::string in_quotes(std::string_view message) {
  constexpr std::size_t longest = 200;
  if (message.empty()) return "";
  std::string text(message.substr(0, longest));
  for (char& c : text) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return fmt::format(": \"{}\"", text);
}

std::optional<Timestamp> date_of(const http::Response& response) {
  const auto date = response.headers.find("Date");
  return date ? http::parse_date(*date) : std::nullopt;
}

/// Every S3 refuses a signature that is more than 15 minutes from its own time. An answer to HEAD can't say so.
bool is_skewed(const http::Response& response, std::string_view code, Timestamp now) {
  constexpr std::chrono::minutes tolerated{15};
  if (code == "RequestTimeTooSkewed") return true;
  const auto there = date_of(response);
  return response.status == 403 && code.empty() && there && std::chrono::abs(now - *there) > tolerated;
}

Error skewed(const http::Response& response, std::string_view number, Timestamp now) {
  Error error(ErrorKind::denied, fmt::format("this host's clock is too far from the store's ({})", number));
  const auto there = date_of(response);
  if (!there) return std::move(error).with_hint("Synchronise it (timedatectl set-ntp true).");
  const auto off = now - *there;
  return std::move(error).with_hint(fmt::format("It is {} {}. Synchronise it (timedatectl set-ntp true).",
                                                format_duration(std::chrono::abs(off)),
                                                off.count() > 0 ? "ahead" : "behind"));
}

/// Seconds, or a date (RFC 9110).
std::int64_t retry_after_ms(const http::Response& response, Timestamp now) {
  const auto field = response.headers.find("Retry-After");
  if (!field) return 0;
  constexpr std::int64_t at_most = 24 * 3600 * 1000;
  if (const auto seconds = parse_number(*field)) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(*seconds, at_most / 1000)) * 1000;
  }
  const auto date = http::parse_date(*field);
  return date ? std::clamp<std::int64_t>((*date - now).count() / 1000, 0, at_most) : 0;
}

}  // namespace

Error to_error(const http::Response& response, const S3Speaker& speaker, Timestamp now) {
  const auto answer = parse_s3_error(as_text(response.body));
  const auto number =
      answer.code.empty() ? fmt::format("{}", response.status) : fmt::format("{} {}", response.status, answer.code);
  if (is_skewed(response, answer.code, now)) return skewed(response, number, now).with_http_status(response.status);
  const auto known = look_up(response.status, answer.code);
  const auto words = known.code.empty() ? in_quotes(answer.message) : std::string();
  return Error(known.kind, fmt::format("{} ({}){}", filled(known.why, speaker), number, words))
      .with_hint(filled(known.hint, speaker))
      .with_http_status(response.status)
      .with_retry_after_ms(retry_after_ms(response, now));
}

}  // namespace owl::storage
