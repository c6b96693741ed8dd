#pragma once

#include <chrono>
#include <vector>

namespace owl::postgres {

/// The processes whose parent is `pid`, as /proc tells at this moment.
std::vector<int> children_of(int pid);

/// Until that process, which need not be our child, has ended; a zombie has. Throws Error(timeout).
void wait_for_end(int pid, std::chrono::milliseconds deadline);

/// Until the process's parent has taken note of its end, or the time is up: as long as it is a zombie, signal 0 still
/// finds it, which is how PostgreSQL asks whether the process that a postmaster.pid names is alive (miscinit.c,
/// CreateLockFile).
void wait_for_reaping(int pid, std::chrono::milliseconds patience);

}  // namespace owl::postgres
