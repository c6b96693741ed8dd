#include "repository/source_id.h"

#include "base/reversed.h"
#include "crypto/names.h"

namespace owl::repository {

std::vector<std::string> name_ids(const crypto::HostKeys& keys, const std::string& kind, const std::string& name) {
  std::vector<std::string> ids;
  for (const auto& epoch : reversed(keys.epochs)) {
    ids.push_back(crypto::path_id(crypto::derive_metadata_keys(epoch.m).tag, kind, name));
  }
  return ids;
}

}  // namespace owl::repository
