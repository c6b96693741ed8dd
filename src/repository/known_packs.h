#pragma once

#include <set>

#include "repository/dedup_index.h"
#include "repository/pack_table.h"
#include "repository/store_view.h"

namespace owl::repository {

/// The packs that this run may rely on, by its own writer's index objects: those that stand in every store of the set.
/// In one store that is: no trash object names the pack, and either the run that indexed it has committed there or the
/// store, asked now, has it. The index of a run that never committed proves nothing: a sweep may have been there since.
std::set<PackId> usable_packs(StoreSet& stores, const std::vector<StoreView>& views, const IndexObjects& indexes,
                              const std::stop_token& stop);

/// From here on `known` finds nothing in the packs of these index objects that are not usable.
void exclude_others(const IndexObjects& indexes, const std::set<PackId>& usable, PackTable& packs, DedupIndex& known);

}  // namespace owl::repository
