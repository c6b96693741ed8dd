#include "storage/s3_client.h"

#include "codec/hash.h"
#include "http/date.h"

namespace owl::storage {
namespace {

constexpr std::chrono::minutes time_is_fresh{5};

std::string hash_of(const S3Request& request) {
  if (request.body_sha256) return to_hex(*request.body_sha256);
  codec::Sha256 hash;
  for (const auto piece : request.body) hash.update(piece);
  return to_hex(hash.digest());
}

}  // namespace

S3Client::S3Client(S3Place place, Credentials credentials, http::ClientOptions options, http::Deadlines deadlines,
                   Clock& clock)
    : place_(std::move(place)),
      credentials_(std::move(credentials)),
      deadlines_(deadlines),
      clock_(clock),
      client_(std::move(options)) {}

http::Response S3Client::send(const S3Request& request, std::stop_token stop) {
  auto response = client_.send(signed_request(request), std::move(stop));
  note_time(response);
  return response;
}

http::Request S3Client::signed_request(const S3Request& request) const {
  const auto now = clock_.now();
  SigningRequest to_sign{request.method, place_.base_path + request.path, request.query, {}, hash_of(request)};
  if (to_sign.path.empty()) to_sign.path = "/";
  to_sign.headers = {
      {"Host", place_.host}, {"x-amz-content-sha256", to_sign.payload_sha256}, {"x-amz-date", to_compact(now)}};
  if (!credentials_.session_token.empty()) {
    to_sign.headers.emplace_back("x-amz-security-token", credentials_.session_token.reveal());
  }
  for (const auto& header : request.headers) to_sign.headers.emplace_back(header.name, header.value);

  http::Request out;
  out.method = request.method;
  out.url = place_.origin + to_sign.path;
  if (!request.query.empty()) out.url += "?" + canonical_query(request.query);
  for (const auto& [name, value] : to_sign.headers) out.headers.push_back({name, value});
  out.headers.push_back({"Authorization", sign(to_sign, credentials_, {place_.region, "s3", now})});
  out.body = request.body;
  out.body_limit = request.answer_limit;
  out.deadlines = deadlines_;
  return out;
}

void S3Client::note_time(const http::Response& response) {
  const auto date = response.headers.find("Date");
  const auto parsed = date ? http::parse_date(*date) : std::nullopt;
  if (parsed) *seen_.lock() = Seen{*parsed, clock_.monotonic()};
}

std::optional<Timestamp> S3Client::server_time() {
  const auto seen = *seen_.lock();
  if (!seen) return std::nullopt;
  const auto since = clock_.monotonic() - seen->at;
  if (since > time_is_fresh) return std::nullopt;
  return seen->date + std::chrono::duration_cast<std::chrono::microseconds>(since);
}

}  // namespace owl::storage
