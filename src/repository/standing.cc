#include "repository/standing.h"

#include "codec/hash.h"
#include "crypto/sealed_object.h"

namespace owl::repository {

std::variant<StandingManifest, VoidMarker> what_stands(StoreSet::Member& store, const crypto::HostKeys& keys,
                                                       const std::string& key, std::stop_token stop) {
  const auto sealed = storage::get_required(*store.store, key, std::move(stop));
  const auto header = crypto::parse_sealed_header(sealed);
  if (header && header->type == crypto::ObjectType::void_marker) {
    const auto plain = crypto::open_object(keys, crypto::ObjectType::void_marker, key, sealed);
    return value_or_throw(parse_void_marker(plain));
  }
  const auto plain = crypto::open_object(keys, crypto::ObjectType::manifest, key, sealed);
  return StandingManifest{value_or_throw(parse_manifest_body(plain)), codec::sha256(sealed)};
}

}  // namespace owl::repository
