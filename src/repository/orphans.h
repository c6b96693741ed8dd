#pragma once

#include <vector>

#include "repository/pack.h"
#include "repository/store_view.h"

namespace owl::repository {

/// A whole pack that a dead run of our own writer has stored and no index tells of.
struct Orphan {
  PackRef pack;
  PackDirectory directory;
};

/// What the dead runs of this writer left behind in every store of the set and no trash object names, found under our
/// own lease. Costs a listing of the leases; more only where there is such a run. Packs of a run that still lives are
/// left alone.
std::vector<Orphan> find_orphans(StoreSet& stores, const std::vector<StoreView>& views, const IndexObjects& own_indexes,
                                 const crypto::HostKeys& keys, const RandomId& own_lease, Clock& clock,
                                 const std::stop_token& stop);

}  // namespace owl::repository
