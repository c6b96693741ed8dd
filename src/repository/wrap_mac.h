#pragma once

#include <string_view>

#include "crypto/keys.h"

namespace owl::repository {

/// keys/<epoch>/<n>.pgp.mac: tells a host, which can't open the wrap beside it, that the wrap is whole and the one that
/// was made with the epoch's secrets at hand. A damaged wrap would otherwise be found out on the day of the restore.
Bytes wrap_mac(const crypto::RepositoryId& repository, const crypto::HostEpoch& epoch, std::string_view wrap_key,
               ByteView wrap);

}  // namespace owl::repository
