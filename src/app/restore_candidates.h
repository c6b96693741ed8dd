#pragma once

#include <vector>

#include "app/invocation.h"
#include "app/restore_arguments.h"
#include "cluster/recovery_plan.h"

namespace owl::app {

/// Which repository is this, and is it the one that --fingerprint names? Throws Error(conflict).
void check_identity(Invocation& in, const Invocation::Secrets& secrets, const RestoreArguments& arguments);

/// The backups that a restore may begin from, oldest first: the one that --backup names, else all of one cluster. A
/// damaged one is a warning, as long as there is another, and it is not the newest where --immediate asks for that.
std::vector<cluster::Candidate> candidates_for(Invocation& in, const crypto::HostKeys& keys,
                                               const RestoreArguments& arguments);

/// A host that has backed up before knows what must be there. That a store is behind another one takes nothing from
/// this restore: it reads every backup from a store that has it.
void compare_with_memory(Invocation& in, const crypto::HostKeys& keys);

/// Is the newest backup the one that --expect-head names? Throws Error(integrity).
void check_head(Invocation& in, const std::vector<cluster::Candidate>& candidates, const RestoreArguments& arguments);

}  // namespace owl::app
