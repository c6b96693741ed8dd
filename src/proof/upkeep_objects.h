#pragma once

#include <stop_token>

#include "crypto/keys.h"
#include "proof/findings.h"

namespace owl::proof {

/// Opens every index, lease and trash object of one store: all are sealed under M, so each byte counts. What is gone by
/// the time it is read was taken away by a sweep; that one is missing can't be told, and costs space or patience but no
/// backup. Internal to this module.
void check_upkeep_objects(repository::StoreSet::Member& member, const crypto::HostKeys& host, unsigned workers,
                          Findings& findings, const std::stop_token& stop);

}  // namespace owl::proof
