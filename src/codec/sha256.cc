#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"
#include "codec/hash.h"

namespace owl::codec {
namespace {

/// Fetched once: an implicit fetch costs as much as hashing a small page.
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  OWL_CHECK(method != nullptr, "OpenSSL has no SHA-256");
  return method;
}

EVP_MD_CTX* copy_of(const EVP_MD_CTX* original) {
  EVP_MD_CTX* const copy = EVP_MD_CTX_new();
  OWL_CHECK(copy != nullptr && EVP_MD_CTX_copy_ex(copy, original) == 1, "EVP_MD_CTX_copy_ex failed");
  return copy;
}

}  // namespace

struct Sha256::State {
  explicit State(EVP_MD_CTX* owned) : context(owned) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>(EVP_MD_CTX_new())) {
  OWL_CHECK(EVP_DigestInit_ex(state_->context, sha256_method(), nullptr) == 1, "EVP_DigestInit_ex failed");
}
Sha256::Sha256(const Sha256& other) : state_(std::make_unique<State>(copy_of(other.state_->context))) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(ByteView bytes) {
  OWL_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "EVP_DigestUpdate failed");
}

Sha256Digest Sha256::digest() const {
  // EVP_DigestFinal_ex spoils its context, and the caller may go on.
  const State copy(copy_of(state_->context));
  Sha256Digest out;
  OWL_CHECK(EVP_DigestFinal_ex(copy.context, out.data(), nullptr) == 1, "EVP_DigestFinal_ex failed");
  return out;
}

Sha256Digest sha256(ByteView bytes) {
  Sha256Digest out;
  OWL_CHECK(EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, sha256_method(), nullptr) == 1,
            "EVP_Digest failed");
  return out;
}

Sha256Digest hmac_sha256(ByteView key, ByteView bytes) {
  static constexpr std::uint8_t nothing = 0;  // OpenSSL takes a null key for "as before"
  const std::uint8_t* const key_data = key.empty() ? &nothing : key.data();
  Sha256Digest out;
  unsigned size = 0;
  OWL_CHECK(HMAC(sha256_method(), key_data, static_cast<int>(key.size()), bytes.data(), bytes.size(), out.data(),
                 &size) != nullptr &&
                size == out.size(),
            "HMAC failed");
  return out;
}

}  // namespace owl::codec
