#include "repository/wrap_mac.h"

#include "codec/hash.h"

namespace owl::repository {

/// The hexadecimal digits of HMAC(mac key of the epoch, "owl1 wrap" ‖ repository ‖ SHA-256 of the wrap ‖ its path), and
/// a line end
Bytes wrap_mac(const crypto::RepositoryId& repository, const crypto::HostEpoch& epoch, std::string_view wrap_key,
               ByteView wrap) {
  auto message = to_bytes(as_bytes("owl1 wrap"));
  append(message, repository);
  append(message, codec::sha256(wrap));
  append(message, as_bytes(wrap_key));
  const auto keys = crypto::derive_metadata_keys(epoch.m);
  return to_bytes(as_bytes(to_hex(codec::hmac_sha256(keys.mac.view(), message)) + "\n"));
}

}  // namespace owl::repository
