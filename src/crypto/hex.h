#pragma once

#include <string>

#include "base/bytes.h"

namespace owl::crypto {

/// As OpenPGP people write key ids and fingerprints. Internal to this module.
std::string to_upper_hex(ByteView bytes);

}  // namespace owl::crypto
