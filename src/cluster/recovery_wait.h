#pragma once

#include "cluster/start.h"

namespace owl::cluster {

/// Waits until the recovery of a server that was just started has come to rest: opened, paused at the target, or shut
/// down there by itself. Fills in what `server` says of that. Throws Error with the end of the server's log where it
/// ended otherwise, Error(timeout) after the deadline.
void wait_for_target(const StartOptions& options, const RecoveryPlan& plan, RestoredServer& server, Clock& clock,
                     Monitor& monitor, std::stop_token stop);

}  // namespace owl::cluster
