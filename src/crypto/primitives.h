#pragma once

#include <memory>

#include "base/bytes.h"
#include "crypto/secret_key.h"

namespace owl::crypto {

inline constexpr std::size_t gcm_tag_size = 16;
inline constexpr std::size_t gcm_nonce_size = 12;
using GcmNonce = ByteArray<gcm_nonce_size>;

/// HKDF with SHA-256 (RFC 5869), extract and expand; `length` at most 8,160 bytes. Where the result is a secret, the
/// caller wipes it.
Bytes hkdf_sha256(ByteView salt, ByteView input_key, ByteView info, std::size_t length);
/// The common case: 32 bytes straight into a SecretKey, empty salt.
SecretKey derive_key(const SecretKey& key, std::string_view info);

/// AES-256-GCM (NIST SP 800-38D) with one key. The caller never uses a nonce twice. One thread at a time.
class AesGcm {
 public:
  explicit AesGcm(const SecretKey& key);
  AesGcm(AesGcm&&) noexcept;
  ~AesGcm();

  /// Writes plain.size() + 16 bytes to `out`; `out` may start at `plain`.
  void seal(const GcmNonce& nonce, ByteView aad, ByteView plain, MutableBytes out);
  /// Writes sealed.size() - 16 bytes; `plain` may start at `sealed`. False: not authentic; `plain` is then zeros.
  [[nodiscard]] bool open(const GcmNonce& nonce, ByteView aad, ByteView sealed, MutableBytes plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct X25519KeyPair {
  SecretKey private_key;
  ByteArray<32> public_key;
};
/// Throws Error(unsupported) where OpenSSL has no X25519 (FIPS mode); so does x25519_public.
X25519KeyPair generate_x25519(Random& random);
ByteArray<32> x25519_public(const SecretKey& private_key);

}  // namespace owl::crypto
