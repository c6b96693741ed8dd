#pragma once

#include "crypto/primitives.h"

namespace owl::crypto {

/// The shared secret of X25519 (RFC 7748 §6.1). Throws Error(integrity) when it is all zero: `peer` is then a point of
/// small order, which no honest sender makes. Internal to this module.
SecretKey x25519_shared(const SecretKey& own_private, const ByteArray<32>& peer);

}  // namespace owl::crypto
