#include "crypto/hkdf.h"

#include <cstring>

#include "base/check.h"
#include "codec/hash.h"
#include "crypto/primitives.h"
#include "crypto/wipe.h"

namespace owl::crypto {
namespace {
constexpr std::size_t block = 32;  // bytes of SHA-256
}

ByteArray<32> hkdf_extract(ByteView salt, ByteView input_key) {
  return codec::hmac_sha256(salt, input_key);
}

Bytes hkdf_expand(ByteView pseudorandom_key, ByteView info, std::size_t length) {
  OWL_CHECK(length <= 255 * block, "HKDF gives at most 255 blocks");
  Bytes out, message;
  out.reserve(length + block);
  message.reserve(block + info.size() + 1);
  const WipeAtEnd wipe(message);
  for (std::uint8_t counter = 1; out.size() < length; ++counter) {
    message.clear();  // T(n) = HMAC(T(n-1) ‖ info ‖ n)
    if (counter > 1) append(message, ByteView(out).last(block));
    append(message, info);
    message.push_back(counter);
    append(out, codec::hmac_sha256(pseudorandom_key, message));
  }
  if (out.size() > length) explicit_bzero(out.data() + length, out.size() - length);
  out.resize(length);
  return out;
}

Bytes hkdf_sha256(ByteView salt, ByteView input_key, ByteView info, std::size_t length) {
  auto key = hkdf_extract(salt, input_key);
  const WipeAtEnd wipe(key);
  return hkdf_expand(key, info, length);
}

std::vector<SecretKey> hkdf_keys(ByteView salt, const SecretKey& input_key, ByteView info, std::size_t count) {
  auto bytes = hkdf_sha256(salt, input_key.view(), info, count * SecretKey::size);
  const WipeAtEnd wipe(bytes);
  std::vector<SecretKey> keys;
  for (std::size_t i = 0; i < count; ++i) {
    keys.emplace_back(ByteView(bytes).subspan(i * SecretKey::size, SecretKey::size));
  }
  return keys;
}

SecretKey hkdf_key(ByteView salt, const SecretKey& input_key, ByteView info) {
  return hkdf_keys(salt, input_key, info, 1).front();
}

SecretKey derive_key(const SecretKey& key, std::string_view info) {
  return hkdf_key({}, key, as_bytes(info));
}

}  // namespace owl::crypto
