#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/keys.h"
#include "repository/object_keys.h"
#include "repository/stores.h"

namespace owl::repository {

/// What a sweep is about to delete from one store. Whatever any trash object names counts as absent there, for every
/// run that starts while it stands.
struct TrashObject {
  std::vector<std::string> keys;  ///< of packs and index objects
  std::string host;
  Timestamp when;
};
Bytes serialize(const TrashObject& trash);
Result<TrashObject> parse_trash_object(ByteView bytes);

struct FoundTrash {
  RandomId id{};
  TrashObject object;
};
/// Every trash object of one store. Those that can't be opened are reported through `unreadable`: they may name
/// anything, so nothing in that store may then count as known.
std::vector<FoundTrash> list_trash(StoreSet::Member& store, const crypto::HostKeys& keys,
                                   std::vector<Error>& unreadable, std::stop_token stop = {});

/// Announces a deletion; returns the object's key.
std::string put_trash(StoreSet::Member& store, const crypto::HostKeys& keys, const TrashObject& trash, Clock& clock,
                      Random& random, std::stop_token stop = {});

}  // namespace owl::repository
