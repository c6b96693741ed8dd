#pragma once

#include <string>
#include <vector>

#include "crypto/keys.h"

namespace owl::repository {

/// How a source's name stands in object keys under each epoch that the host knows, the current one first: after a
/// rotation older backups of the same source lie under another id.
std::vector<std::string> name_ids(const crypto::HostKeys& keys, const std::string& kind, const std::string& name);

}  // namespace owl::repository
