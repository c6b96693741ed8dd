#include <optional>

#include "base/check.h"
#include "crypto/cipher_context.h"
#include "crypto/primitives.h"

namespace owl::crypto {

/// OpenSSL wants a context for each direction; each is made when it is first needed.
struct AesGcm::State {
  CipherContext& context(CipherContext::Use use) {
    auto& chosen = use == CipherContext::Use::gcm_seal ? sealer : opener;
    if (!chosen) chosen.emplace(use, key);
    return *chosen;
  }

  SecretKey key;
  std::optional<CipherContext> sealer = {}, opener = {};
};

AesGcm::AesGcm(const SecretKey& key) : state_(std::make_unique<State>(State{key})) {}
AesGcm::AesGcm(AesGcm&&) noexcept = default;
AesGcm::~AesGcm() = default;

void AesGcm::seal(const GcmNonce& nonce, ByteView aad, ByteView plain, MutableBytes out) {
  OWL_CHECK(out.size() == plain.size() + gcm_tag_size, "the sealed form is 16 bytes longer");
  auto& context = state_->context(CipherContext::Use::gcm_seal);
  context.start(nonce);
  context.authenticate(aad);
  context.transform(plain, out.data());
  std::ranges::copy(context.tag(), out.last(gcm_tag_size).begin());
}

bool AesGcm::open(const GcmNonce& nonce, ByteView aad, ByteView sealed, MutableBytes plain) {
  OWL_CHECK(sealed.size() == plain.size() + gcm_tag_size, "the sealed form is 16 bytes longer");
  auto& context = state_->context(CipherContext::Use::gcm_open);
  context.start(nonce);
  context.authenticate(aad);
  context.transform(sealed.first(plain.size()), plain.data());
  if (context.check_tag(sealed.last(gcm_tag_size))) return true;
  std::ranges::fill(plain, std::uint8_t{0});  // nobody gets to see what nobody vouches for
  return false;
}

}  // namespace owl::crypto
