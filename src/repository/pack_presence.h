#pragma once

#include <set>
#include <vector>

#include "repository/object_keys.h"
#include "repository/stores.h"

namespace owl::repository {

/// Which of these packs a store has, whole by its size. Asks object by object for a few packs of a month, and lists the
/// month for many: a look at a big repository must not cost a request for each pack.
std::set<PackId> present_packs(StoreSet::Member& store, const std::vector<PackRef>& packs, std::stop_token stop = {});

/// The first of these packs that the store lacks.
std::optional<PackRef> first_missing_pack(StoreSet::Member& store, const std::vector<PackRef>& packs,
                                          std::stop_token stop = {});

}  // namespace owl::repository
