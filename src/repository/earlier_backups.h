#pragma once

#include <set>
#include <string>
#include <vector>

#include "repository/catalogue.h"
#include "repository/store_view.h"

namespace owl::repository {

/// Backups of one source on which a new one may rely, as a run's look at the stores showed them after it had put its
/// lease there: whatever was in no trash object then stays until the lease ends.
struct EarlierBackups {
  std::vector<BackupEntry> entries;  ///< newest first; each stands in every store that was looked at
  std::set<std::string> trash;       ///< keys that are about to be deleted in any of them
  std::string why_none;              ///< for people, where there are no entries
};
EarlierBackups earlier_backups(const std::vector<StoreView>& views, const std::string& kind,
                               const std::vector<std::string>& name_ids);

/// The newest of them that this host's writer made, whose manifest opens, and every pack of which stands, whole by its
/// size, in every living store. The error says why there is none.
Result<LoadedManifest> newest_usable(const EarlierBackups& earlier, StoreSet& stores, const crypto::HostKeys& keys,
                                     const std::stop_token& stop);

}  // namespace owl::repository
