#include <fmt/core.h>

#include "crypto/sealed_object.h"
#include "os/system.h"
#include "repository/lease.h"
#include "repository/manifest.h"
#include "repository/sealed_put.h"
#include "repository/standing.h"

namespace owl::repository {

bool fence(StoreSet::Member& store, const crypto::HostKeys& keys, const FoundLease& lease, const std::string& reason,
           Clock& clock, Random& random, std::stop_token stop) {
  if (!lease.readable) {
    throw Error(ErrorKind::refused, fmt::format("lease {} in store {} can't be read, so nobody knows which manifest it "
                                                "announces",
                                                to_hex(lease.id), store.name))
        .with_hint("If no backup is running, remove its objects under leases/ by hand.");
  }
  const auto& key = lease.body.manifest_key;
  if (key.empty()) return true;
  const VoidMarker marker{reason, os::host_name(), clock.now()};
  const auto sealed = crypto::seal_object(keys.current(), keys.repository, crypto::ObjectType::void_marker, key,
                                          serialize(marker), random);
  if (put_sealed(*store.store, clock, key, sealed, stop) == storage::CreateResult::created) return true;
  return !std::holds_alternative<StandingManifest>(what_stands(store, keys, key, stop));
}

}  // namespace owl::repository
