#pragma once

#include "base/bytes.h"
#include "crypto/primitives.h"

namespace owl::crypto {

/// The key schedule's result for one HPKE context (RFC 9180, mode_psk, DHKEM(X25519, HKDF-SHA-256), HKDF-SHA-256,
/// AES-256-GCM): message n is sealed under `key` with base_nonce XOR n. Both sides hold the same.
struct HpkeContext {
  SecretKey key;
  GcmNonce base_nonce;

  GcmNonce nonce(std::uint64_t sequence) const;
};

struct HpkeSender {
  ByteArray<32> encapsulated_key;  ///< "enc": what the receiver needs beside its private key
  HpkeContext context;
};

/// Writing side: a fresh ephemeral key for each context. Needs no secret that could open what others wrote.
HpkeSender hpke_setup_sender(const ByteArray<32>& receiver_public, ByteView info, const SecretKey& psk, ByteView psk_id,
                             Random& random);
/// Reading side. Throws Error(integrity) on an encapsulated key that is no proper point (all-zero shared secret).
HpkeContext hpke_setup_receiver(const SecretKey& receiver_private, const ByteArray<32>& encapsulated_key, ByteView info,
                                const SecretKey& psk, ByteView psk_id);

}  // namespace owl::crypto
