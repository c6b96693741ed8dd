#pragma once

#include <optional>

#include "crypto/keys.h"
#include "repository/pack.h"
#include "repository/stores.h"

namespace owl::repository {

/// Opens a pack's directory out of its last bytes: sealed directory and trailer. Throws Error(integrity) naming `key`
/// unless both fit each other and the size of the pack.
PackDirectory open_pack_tail(const crypto::HostKeys& keys, const std::string& key, std::uint64_t pack_size,
                             ByteView tail);

/// The directory of a pack of which only key and size are known; fills in `directory_size`. nullopt: the pack is not
/// there.
std::optional<PackDirectory> read_unknown_directory(StoreSet::Member& store, const crypto::HostKeys& keys,
                                                    PackRef& pack, const std::stop_token& stop);

}  // namespace owl::repository
