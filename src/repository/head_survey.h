#pragma once

#include <vector>

#include "repository/catalogue.h"
#include "repository/divergence.h"
#include "repository/manifest_list.h"
#include "repository/stores.h"

namespace owl::repository {

/// The keys among these that are of the source.
std::set<std::string> paths_of(const Source& source, const std::vector<ListedManifest>& listed);

/// What a store that lists these manifests shows of the source: reads its newest ones until one opens, and warns of
/// those that don't. Throws what is an error of the store itself.
Shown shown_by(StoreSet::Member& store, const Source& source, const std::vector<ListedManifest>& listed,
               const crypto::HostKeys& keys, Monitor& monitor, const std::stop_token& stop);

/// One source in all stores.
struct SurveyedSource {
  Source source;
  std::vector<Shown> stores;
  std::vector<Divergence> divergences;
};
/// Every source that any living store shows or this host remembers of one. A store that fails drops out. `listed` is
/// what list_backups gave.
std::vector<SurveyedSource> survey_heads(StoreSet& stores, const crypto::HostKeys& keys,
                                         const std::vector<BackupEntry>& listed, const HeadFile& heads,
                                         std::stop_token stop = {});

}  // namespace owl::repository
