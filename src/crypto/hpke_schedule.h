#pragma once

#include "crypto/hpke.h"

namespace owl::crypto {

/// The one thing in which HPKE's suites over X25519 and HKDF-SHA-256 differ: the AEAD. We write AES-256-GCM; RFC 9180
/// prints vectors of others, by which the tests check this code. Internal to this module.
struct HpkeAead {
  std::uint16_t id;
  std::size_t key_size;  ///< bytes
};
inline constexpr HpkeAead hpke_aes_256_gcm{0x0002, 32};

/// What the two sides agree on beforehand.
struct HpkeAgreement {
  ByteView info;
  const SecretKey& psk;
  ByteView psk_id;
};

struct HpkeSchedule {
  Bytes key;
  GcmNonce base_nonce;
};

/// DHKEM's shared secret (RFC 9180 §4.1), for sender and receiver: `dh` is what X25519 gave.
SecretKey hpke_shared_secret(const SecretKey& dh, const ByteArray<32>& encapsulated_key,
                             const ByteArray<32>& receiver_public);
/// The key schedule of mode_psk (RFC 9180 §5.1).
HpkeSchedule hpke_key_schedule(HpkeAead aead, const SecretKey& shared_secret, const HpkeAgreement& agreement);

}  // namespace owl::crypto
