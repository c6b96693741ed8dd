#pragma once

#include <string>

#include "base/bytes.h"
#include "crypto/secret_key.h"

namespace owl::crypto {

/// The two halves of HKDF-SHA-256 (RFC 5869), for HPKE, which labels each. Internal to this module.
ByteArray<32> hkdf_extract(ByteView salt, ByteView input_key);
Bytes hkdf_expand(ByteView pseudorandom_key, ByteView info, std::size_t length);

/// HKDF straight into a SecretKey.
SecretKey hkdf_key(ByteView salt, const SecretKey& input_key, ByteView info);

/// `count` keys of 32 bytes from one expansion.
std::vector<SecretKey> hkdf_keys(ByteView salt, const SecretKey& input_key, ByteView info, std::size_t count);

}  // namespace owl::crypto
