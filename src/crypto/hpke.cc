#include "crypto/hpke.h"

#include "crypto/hpke_schedule.h"
#include "crypto/wipe.h"
#include "crypto/x25519.h"

namespace owl::crypto {
namespace {

HpkeContext context_from(const SecretKey& shared_secret, const HpkeAgreement& agreement) {
  auto schedule = hpke_key_schedule(hpke_aes_256_gcm, shared_secret, agreement);
  const WipeAtEnd wipe(schedule.key);
  return {SecretKey(schedule.key), schedule.base_nonce};
}

}  // namespace

GcmNonce HpkeContext::nonce(std::uint64_t sequence) const {
  GcmNonce nonce = base_nonce;
  for (std::size_t i = 0; i < 8; ++i) {  // XOR with the number as 12 big-endian bytes
    nonce[gcm_nonce_size - 1 - i] ^= static_cast<std::uint8_t>(sequence >> (8 * i));
  }
  return nonce;
}

HpkeSender hpke_setup_sender(const ByteArray<32>& receiver_public, ByteView info, const SecretKey& psk, ByteView psk_id,
                             Random& random) {
  const auto ephemeral = generate_x25519(random);
  const auto dh = x25519_shared(ephemeral.private_key, receiver_public);
  const auto shared_secret = hpke_shared_secret(dh, ephemeral.public_key, receiver_public);
  return {ephemeral.public_key, context_from(shared_secret, {info, psk, psk_id})};
}

HpkeContext hpke_setup_receiver(const SecretKey& receiver_private, const ByteArray<32>& encapsulated_key, ByteView info,
                                const SecretKey& psk, ByteView psk_id) {
  const auto dh = x25519_shared(receiver_private, encapsulated_key);
  const auto shared_secret = hpke_shared_secret(dh, encapsulated_key, x25519_public(receiver_private));
  return context_from(shared_secret, {info, psk, psk_id});
}

}  // namespace owl::crypto
