#pragma once

#include <stop_token>

#include "crypto/keys.h"
#include "proof/findings.h"

namespace owl::proof {

/// Checks what makes a store this repository, to the byte: owl.json, RESTORE.md, each epoch's public half, and its
/// wrapped secrets by the MACs beside them. Throws Error(config) where there is no repository, Error(conflict) where
/// there is another one. Internal to this module.
void check_own_objects(repository::StoreSet::Member& member, const crypto::HostKeys& host, Findings& findings,
                       const std::stop_token& stop);

}  // namespace owl::proof
