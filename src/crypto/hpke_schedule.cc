#include "crypto/hpke_schedule.h"

#include "crypto/hkdf.h"
#include "crypto/wipe.h"

namespace owl::crypto {
namespace {

constexpr std::uint16_t kem_id = 0x0020;  // DHKEM(X25519, HKDF-SHA-256)
constexpr std::uint16_t kdf_id = 0x0001;  // HKDF-SHA-256
constexpr std::uint8_t mode_psk = 0x01;

void append_text(Bytes& to, std::string_view text) {
  append(to, as_bytes(text));
}

/// RFC 9180 is big-endian throughout, unlike our own formats.
void append_u16(Bytes& to, std::size_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

/// LabeledExtract and LabeledExpand of one suite (RFC 9180 §4).
class LabeledHkdf {
 public:
  explicit LabeledHkdf(Bytes suite_id) : suite_id_(std::move(suite_id)) {}

  SecretKey extract(ByteView salt, std::string_view label, ByteView input_key) const {
    Bytes labeled = start(label, 0, input_key.size());
    append(labeled, input_key);
    const WipeAtEnd wipe_input(labeled);
    auto out = hkdf_extract(salt, labeled);
    const WipeAtEnd wipe(out);
    return SecretKey(out);
  }

  Bytes expand(const SecretKey& key, std::string_view label, ByteView info, std::size_t length) const {
    Bytes labeled = start(label, 2, info.size(), length);
    append(labeled, info);
    return hkdf_expand(key.view(), labeled, length);
  }

 private:
  /// [length as two bytes ‖] "HPKE-v1" ‖ suite_id ‖ label, with room for `more` bytes.
  Bytes start(std::string_view label, std::size_t length_bytes, std::size_t more, std::size_t length = 0) const {
    Bytes out;
    out.reserve(length_bytes + 7 + suite_id_.size() + label.size() + more);
    if (length_bytes != 0) append_u16(out, length);
    append_text(out, "HPKE-v1");
    append(out, suite_id_);
    append_text(out, label);
    return out;
  }

  Bytes suite_id_;
};

LabeledHkdf kem_hkdf() {
  Bytes suite_id = to_bytes(as_bytes("KEM"));
  append_u16(suite_id, kem_id);
  return LabeledHkdf(std::move(suite_id));
}

LabeledHkdf schedule_hkdf(HpkeAead aead) {
  Bytes suite_id = to_bytes(as_bytes("HPKE"));
  append_u16(suite_id, kem_id);
  append_u16(suite_id, kdf_id);
  append_u16(suite_id, aead.id);
  return LabeledHkdf(std::move(suite_id));
}

}  // namespace

SecretKey hpke_shared_secret(const SecretKey& dh, const ByteArray<32>& encapsulated_key,
                             const ByteArray<32>& receiver_public) {
  const auto hkdf = kem_hkdf();
  const SecretKey extracted = hkdf.extract({}, "eae_prk", dh.view());
  Bytes kem_context = to_bytes(encapsulated_key);
  append(kem_context, receiver_public);
  auto shared = hkdf.expand(extracted, "shared_secret", kem_context, SecretKey::size);
  const WipeAtEnd wipe(shared);
  return SecretKey(shared);
}

HpkeSchedule hpke_key_schedule(HpkeAead aead, const SecretKey& shared_secret, const HpkeAgreement& agreement) {
  const auto hkdf = schedule_hkdf(aead);
  Bytes context{mode_psk};
  append(context, hkdf.extract({}, "psk_id_hash", agreement.psk_id).view());
  append(context, hkdf.extract({}, "info_hash", agreement.info).view());
  const SecretKey secret = hkdf.extract(shared_secret.view(), "secret", agreement.psk.view());

  HpkeSchedule schedule{hkdf.expand(secret, "key", context, aead.key_size), {}};
  std::ranges::copy(hkdf.expand(secret, "base_nonce", context, gcm_nonce_size), schedule.base_nonce.begin());
  return schedule;
}

}  // namespace owl::crypto
