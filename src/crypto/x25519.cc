#include "crypto/x25519.h"

#include <openssl/evp.h>

#include "base/check.h"
#include "crypto/wipe.h"

namespace owl::crypto {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

/// A host in FIPS mode has no such curve: that is its state, not our bug.
Key usable(EVP_PKEY* key) {
  if (key == nullptr) {
    throw Error(ErrorKind::unsupported, "OpenSSL offers no X25519 here")
        .with_hint("Is it in FIPS mode? owlbackup needs OpenSSL's default provider.");
  }
  return Key(key);
}

Key private_key_of(const SecretKey& secret) {
  return usable(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, secret.view().data(), SecretKey::size));
}

Key public_key_of(const ByteArray<32>& point) {
  return usable(EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, point.data(), point.size()));
}

}  // namespace

X25519KeyPair generate_x25519(Random& random) {
  X25519KeyPair pair{SecretKey::random(random), {}};  // any 32 bytes will do: clamping is part of the function
  pair.public_key = x25519_public(pair.private_key);
  return pair;
}

ByteArray<32> x25519_public(const SecretKey& private_key) {
  const Key key = private_key_of(private_key);
  ByteArray<32> point;
  std::size_t size = point.size();
  OWL_CHECK(EVP_PKEY_get_raw_public_key(key.get(), point.data(), &size) == 1 && size == point.size(),
            "X25519 gave no public key");
  return point;
}

SecretKey x25519_shared(const SecretKey& own_private, const ByteArray<32>& peer) {
  const Key own = private_key_of(own_private), other = public_key_of(peer);
  const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  OWL_CHECK(
      context && EVP_PKEY_derive_init(context.get()) == 1 && EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1,
      "X25519 could not be set up");
  ByteArray<32> shared{};
  const WipeAtEnd wipe(shared);
  std::size_t size = shared.size();
  if (EVP_PKEY_derive(context.get(), shared.data(), &size) != 1 || all_zero(shared)) {
    throw Error(ErrorKind::integrity, "an encapsulated key is no proper point of Curve25519");
  }
  return SecretKey(shared);
}

}  // namespace owl::crypto
