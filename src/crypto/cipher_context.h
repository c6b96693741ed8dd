#pragma once

#include <memory>

#include "base/bytes.h"
#include "crypto/primitives.h"

struct evp_cipher_ctx_st;  // OpenSSL's EVP_CIPHER_CTX, whose header stays out of ours

namespace owl::crypto {

/// An OpenSSL cipher context that keeps its key: a new message sets the nonce only, which spares the key schedule (half
/// the time of a small page). Internal to this module; one thread at a time.
class CipherContext {
 public:
  enum class Use { gcm_seal, gcm_open, block_encrypt };

  /// AES-256-GCM, or AES-256 block by block (ECB without padding).
  CipherContext(Use use, const SecretKey& key);
  CipherContext(CipherContext&&) noexcept;
  ~CipherContext();

  /// GCM: one message is start, authenticate…, transform…, then `tag` (sealing) or `check_tag` (opening).
  void start(const GcmNonce& nonce);
  void authenticate(ByteView associated);
  void transform(ByteView in, std::uint8_t* out);
  ByteArray<gcm_tag_size> tag();
  [[nodiscard]] bool check_tag(ByteView tag);

  ByteArray<16> encrypt_block(const ByteArray<16>& block);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  std::unique_ptr<evp_cipher_ctx_st, Free> context_;
};

}  // namespace owl::crypto
