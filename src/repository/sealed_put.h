#pragma once

#include <optional>
#include <string>

#include "storage/object_store.h"
#include "storage/write_once.h"

namespace owl::repository {

/// Creates a sealed object; its header, which holds a random salt, is what tells ours from another's afterwards.
storage::CreateResult put_sealed(storage::ObjectStore& store, Clock& clock, const std::string& key, ByteView sealed,
                                 std::stop_token stop, const std::optional<ByteArray<32>>& sha256 = {});

/// The same at a key with a fresh random id, where nobody else's object can be: throws Error(conflict) if one is.
void put_fresh(storage::ObjectStore& store, Clock& clock, const std::string& key, ByteView sealed,
               std::stop_token stop);

}  // namespace owl::repository
