#include "crypto/names.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/binary.h"
#include "base/check.h"
#include "codec/hash.h"
#include "crypto/cipher_context.h"

namespace owl::crypto {
namespace {

/// Ends what GMAC compresses: no two pairs of kind and bytes give the same input.
ByteArray<16> trailer(BlobKind kind, std::size_t size) {
  ByteArray<16> block{};
  block[0] = static_cast<std::uint8_t>(kind);
  for (std::size_t i = 0; i < 8; ++i) block[8 + i] = static_cast<std::uint8_t>(std::uint64_t{size} >> (8 * i));
  return block;
}

/// Starts what HMAC hashes, for the same reason.
ByteArray<9> leader(BlobKind kind, std::size_t size) {
  const auto block = trailer(kind, size);
  ByteArray<9> out{block[0]};
  std::ranges::copy(ByteView(block).subspan(8), out.begin() + 1);
  return out;
}

/// HMAC-SHA-256 that keeps its key's state, for bytes that come in two pieces.
class HmacContext {
 public:
  explicit HmacContext(const SecretKey& key) : context_(EVP_MAC_CTX_new(method())) {
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    OWL_CHECK(context_ && EVP_MAC_init(context_.get(), key.view().data(), SecretKey::size, parameters) == 1,
              "EVP_MAC_init failed");
  }

  ByteArray<32> mac(ByteView first, ByteView second) {
    ByteArray<32> out;
    std::size_t size = 0;
    OWL_CHECK(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 && add(first) && add(second) &&
                  EVP_MAC_final(context_.get(), out.data(), &size, out.size()) == 1,
              "HMAC failed");
    return out;
  }

 private:
  static EVP_MAC* method() {
    static EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    OWL_CHECK(hmac != nullptr, "OpenSSL has no HMAC");
    return hmac;
  }
  bool add(ByteView bytes) { return EVP_MAC_update(context_.get(), bytes.data(), bytes.size()) == 1; }

  struct Free {
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

bool at_memory_speed(BlobKind kind) {
  return kind == BlobKind::pages || kind == BlobKind::wal;
}

}  // namespace

struct Namer::State {
  explicit State(const NamingKeys& keys)
      : gmac(CipherContext::Use::gcm_seal, keys.gmac),
        prf(CipherContext::Use::block_encrypt, keys.prf),
        hmac(keys.hmac) {}

  BlobName gmac_then_aes(BlobKind kind, ByteView plain) {
    gmac.start(GcmNonce{});  // GMAC's mask is the same each time, and the block cipher behind it hides the hash
    gmac.authenticate(plain);
    gmac.authenticate(trailer(kind, plain.size()));
    return prf.encrypt_block(gmac.tag());
  }

  BlobName short_hmac(BlobKind kind, ByteView plain) {
    const auto digest = hmac.mac(leader(kind, plain.size()), plain);
    BlobName name;
    std::ranges::copy(ByteView(digest).first(name.size()), name.begin());
    return name;
  }

  CipherContext gmac, prf;
  HmacContext hmac;
};

Namer::Namer(const NamingKeys& keys) : state_(std::make_unique<State>(keys)) {}
Namer::Namer(Namer&&) noexcept = default;
Namer::~Namer() = default;

BlobName Namer::name(BlobKind kind, ByteView plain) {
  return at_memory_speed(kind) ? state_->gmac_then_aes(kind, plain) : state_->short_hmac(kind, plain);
}

std::string path_id(const SecretKey& tag_key, std::string_view kind, std::string_view name) {
  Bytes message = to_bytes(as_bytes(kind));
  message.push_back(0);
  append(message, as_bytes(name));
  return to_hex(ByteView(codec::hmac_sha256(tag_key.view(), message)).first(8));
}

}  // namespace owl::crypto
