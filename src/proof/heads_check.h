#pragma once

#include <stop_token>
#include <vector>

#include "proof/verify.h"
#include "repository/head.h"

namespace owl::proof {

/// Each backup that this host put into a store and that is not there any more is a finding, and so is another history.
/// That a store is behind the others is a warning: it was down, or is new. Internal to this module.
void check_heads(const std::vector<repository::BackupEntry>& listed, repository::StoreSet& stores,
                 const crypto::HostKeys& host, const repository::HeadFile& heads, Monitor& monitor,
                 VerifyResult& result, const std::stop_token& stop);

}  // namespace owl::proof
