#pragma once

#include <optional>

#include "crypto/keys.h"

namespace owl::repository {

/// keys/<epoch>/public: the half of an epoch that anybody may see. For a restore with nothing but a private key; hosts
/// go by their key file and never by this.
struct EpochPublic {
  std::uint32_t epoch = 0;
  crypto::KeyMode mode{};
  ByteArray<32> public_key{};
  ByteArray<32> commitment{};        ///< to the epoch's M
  std::optional<ByteArray<32>> mac;  ///< under the epoch before; none for the first
};
Bytes serialize(const EpochPublic& object);
Result<EpochPublic> parse_epoch_public(ByteView bytes);

/// What belongs to an epoch that this host knows. Of the first one: there is no MAC.
EpochPublic first_epoch_public(const crypto::HostKeys& host);

}  // namespace owl::repository
