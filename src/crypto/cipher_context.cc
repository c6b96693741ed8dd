#include "crypto/cipher_context.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace owl::crypto {
namespace {

/// Fetched once: an implicit fetch at each init costs more than a small message.
const EVP_CIPHER* method(CipherContext::Use use) {
  static const EVP_CIPHER* const gcm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  static const EVP_CIPHER* const ecb = EVP_CIPHER_fetch(nullptr, "AES-256-ECB", nullptr);
  const EVP_CIPHER* const chosen = use == CipherContext::Use::block_encrypt ? ecb : gcm;
  OWL_CHECK(chosen != nullptr, "OpenSSL has no AES-256");
  return chosen;
}

/// EVP counts in int.
constexpr std::size_t most_at_once = std::size_t{1} << 30;

void update(EVP_CIPHER_CTX* context, std::uint8_t* out, ByteView in) {
  while (!in.empty()) {
    const ByteView piece = in.first(std::min(in.size(), most_at_once));
    int written = 0;
    OWL_CHECK(EVP_CipherUpdate(context, out, &written, piece.data(), static_cast<int>(piece.size())) == 1,
              "EVP_CipherUpdate failed");
    if (out != nullptr) out += piece.size();
    in = in.subspan(piece.size());
  }
}

bool finish(EVP_CIPHER_CTX* context) {
  ByteArray<16> nothing;
  int written = 0;
  return EVP_CipherFinal_ex(context, nothing.data(), &written) == 1;
}

}  // namespace

void CipherContext::Free::operator()(EVP_CIPHER_CTX* context) const {
  EVP_CIPHER_CTX_free(context);
}
CipherContext::CipherContext(CipherContext&&) noexcept = default;
CipherContext::~CipherContext() = default;

CipherContext::CipherContext(Use use, const SecretKey& key) : context_(EVP_CIPHER_CTX_new()) {
  const int encrypt = use == Use::gcm_open ? 0 : 1;
  OWL_CHECK(context_ && EVP_CipherInit_ex2(context_.get(), method(use), key.view().data(), nullptr, encrypt, nullptr),
            "EVP_CipherInit_ex2 failed");
  EVP_CIPHER_CTX_set_padding(context_.get(), 0);
}

void CipherContext::start(const GcmNonce& nonce) {
  OWL_CHECK(EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), -1, nullptr) == 1,
            "EVP_CipherInit_ex2 refused a nonce");
}

void CipherContext::authenticate(ByteView associated) {
  update(context_.get(), nullptr, associated);
}

void CipherContext::transform(ByteView in, std::uint8_t* out) {
  update(context_.get(), out, in);
}

ByteArray<gcm_tag_size> CipherContext::tag() {
  ByteArray<gcm_tag_size> tag;
  OWL_CHECK(finish(context_.get()) &&
                EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, gcm_tag_size, tag.data()) == 1,
            "AES-GCM gave no tag");
  return tag;
}

bool CipherContext::check_tag(ByteView tag) {
  ByteArray<gcm_tag_size> expected;
  OWL_CHECK(tag.size() == expected.size(), "an AES-GCM tag has 16 bytes");
  std::ranges::copy(tag, expected.begin());
  OWL_CHECK(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, gcm_tag_size, expected.data()) == 1,
            "AES-GCM took no tag");
  return finish(context_.get());
}

ByteArray<16> CipherContext::encrypt_block(const ByteArray<16>& block) {
  ByteArray<16> out;
  update(context_.get(), out.data(), block);
  return out;
}

}  // namespace owl::crypto
