#include "storage/sigv4.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/text.h"
#include "codec/hash.h"

namespace owl::storage {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

bool stays_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// Lower-case names in order; the values of one name joined by commas, runs of blanks made one.
using CanonicalHeaders = std::map<std::string, std::string>;

std::string single_blanks(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    if (c != ' ' || out.back() != ' ') out += c;
  }
  return out;
}

CanonicalHeaders canonical(const std::vector<std::pair<std::string, std::string>>& headers) {
  CanonicalHeaders sorted;
  for (const auto& [name, value] : headers) {
    auto& joined = sorted[to_lower(name)];
    if (!joined.empty()) joined += ',';
    joined += single_blanks(value);
  }
  return sorted;
}

std::string names_of(const CanonicalHeaders& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

std::string canonical_request(const SigningRequest& request, const CanonicalHeaders& headers) {
  auto text = fmt::format("{}\n{}\n{}\n", request.method, request.path, canonical_query(request.query));
  for (const auto& [name, value] : headers) text += fmt::format("{}:{}\n", name, value);
  text += fmt::format("\n{}\n{}", names_of(headers), request.payload_sha256);
  return text;
}

codec::Sha256Digest mac(ByteView key, std::string_view text) {
  return codec::hmac_sha256(key, as_bytes(text));
}

codec::Sha256Digest signing_key(const Secret& secret, std::string_view day, const SigningScope& scope) {
  const Secret start(fmt::format("AWS4{}", secret.reveal()));
  const auto of_day = mac(as_bytes(start.reveal()), day);
  const auto of_region = mac(of_day, scope.region);
  const auto of_service = mac(of_region, scope.service);
  return mac(of_service, "aws4_request");
}

}  // namespace

std::string uri_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (stays_plain(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string canonical_query(const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(uri_encode(name), uri_encode(value));
  std::ranges::sort(encoded);
  std::string text;
  for (const auto& [name, value] : encoded) text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, value);
  return text;
}

std::string sign(const SigningRequest& request, const Credentials& credentials, const SigningScope& scope) {
  const auto headers = canonical(request.headers);
  const auto moment = to_compact(scope.now);
  const auto day = moment.substr(0, 8);
  const auto range = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const auto digest = codec::sha256(as_bytes(canonical_request(request, headers)));
  const auto to_sign = fmt::format("{}\n{}\n{}\n{}", algorithm, moment, range, to_hex(digest));
  const auto signature = mac(signing_key(credentials.secret_access_key, day, scope), to_sign);
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm, credentials.access_key_id, range,
                     names_of(headers), to_hex(signature));
}

}  // namespace owl::storage
