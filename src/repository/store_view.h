#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "repository/index.h"
#include "repository/manifest_list.h"
#include "repository/stores.h"

namespace owl::repository {

/// What one store shows a run that has just put its lease there.
struct StoreView {
  StoreSet::Member store;
  std::set<std::string> trash;       ///< keys that trash objects name: absent
  bool trash_is_readable = true;     ///< false: any key may be named, so nothing counts as known
  std::vector<std::string> indexes;  ///< keys of our own writer's index objects that are not in trash
  std::vector<ListedManifest> manifests;

  bool is_committed(const std::string& manifest_path) const;
};

/// Looks at every living store: trash first, then indexes, then manifests. In this order whatever an index still names
/// and no trash object does stays: its sweep, if there is one, has yet to begin, and will wait for our lease.
/// A trash object that can't be read is a warning, and costs that everything is stored again.
std::vector<StoreView> look_at_stores(StoreSet& stores, const crypto::HostKeys& keys, const std::stop_token& stop);

/// Index objects by key, without their entries: there is one for each blob that is stored.
using IndexObjects = std::map<std::string, IndexObject>;
/// Reads these index objects, each from the first view that lists it and has it whole. One that is damaged everywhere
/// costs only space, so it is a warning. `take` is given each with its entries, by one thread at a time.
IndexObjects read_indexes(const std::vector<StoreView>& views, const crypto::HostKeys& keys, Monitor& monitor,
                          const std::stop_token& stop, const std::function<void(const IndexObject&)>& take);
/// nullopt: it is gone. Throws Error(integrity).
std::optional<IndexObject> read_index(StoreSet::Member& store, const crypto::HostKeys& keys, const std::string& key,
                                      const std::stop_token& stop);

}  // namespace owl::repository
