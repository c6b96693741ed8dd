#pragma once

#include <span>
#include <string>
#include <string_view>

#include "crypto/hpke.h"
#include "crypto/keys.h"

namespace owl::crypto {

/// HPKE between whoever knows an epoch's public half and M, and whoever holds its secrets: what data blobs and payloads
/// share. Internal to this module.

/// <label> ‖ repository id ‖ epoch u32 ‖ <detail>
Bytes epoch_info(std::string_view label, const RepositoryId& repository, std::uint32_t epoch, ByteView detail);

HpkeSender setup_for_epoch(const HostEpoch& epoch, ByteView info, Random& random);
/// Throws Error(no_key) naming the epoch if `secrets` lacks it.
const EpochSecrets& secrets_of(std::span<const EpochSecrets> secrets, std::uint32_t epoch);
HpkeContext open_for_epoch(const EpochSecrets& secrets, const ByteArray<32>& encapsulated_key, ByteView info);

}  // namespace owl::crypto
