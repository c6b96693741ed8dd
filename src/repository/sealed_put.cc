#include "repository/sealed_put.h"

#include <fmt/core.h>

#include "crypto/sealed_object.h"

namespace owl::repository {

storage::CreateResult put_sealed(storage::ObjectStore& store, Clock& clock, const std::string& key, ByteView sealed,
                                 std::stop_token stop, const std::optional<ByteArray<32>>& sha256) {
  return storage::create(store, clock, key, std::span(&sealed, 1), crypto::sealed_header_size, sha256, std::move(stop));
}

void put_fresh(storage::ObjectStore& store, Clock& clock, const std::string& key, ByteView sealed,
               std::stop_token stop) {
  if (put_sealed(store, clock, key, sealed, std::move(stop)) == storage::CreateResult::created) return;
  throw Error(ErrorKind::conflict,
              fmt::format("{} in {} is taken by an object that this run did not write", key, store.description()));
}

}  // namespace owl::repository
