#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/time.h"

namespace owl::storage {

/// Who signs.
struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token = {};  ///< of temporary credentials: sent as x-amz-security-token, and signed
};

/// What a signature is valid for.
struct SigningScope {
  std::string region, service;
  Timestamp now;
};

/// The parts of a request that a signature covers.
struct SigningRequest {
  std::string method;
  std::string path;                                               ///< as it is sent, percent-encoded
  std::vector<std::pair<std::string, std::string>> query = {};    ///< plain, in any order
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< host among them; any case, any order
  std::string payload_sha256;                                     ///< hexadecimal
};

/// Percent-encodes all but A-Z a-z 0-9 - . _ ~, as AWS Signature Version 4 wants it.
std::string uri_encode(std::string_view text);
/// "a=1&b=2", encoded and in the order of the encoded names: what is signed and what is sent.
std::string canonical_query(const std::vector<std::pair<std::string, std::string>>& query);

/// The value of the Authorization header: AWS Signature Version 4 over all the given headers, the path encoded once
/// (S3's variant). Pure.
std::string sign(const SigningRequest& request, const Credentials& credentials, const SigningScope& scope);

}  // namespace owl::storage
