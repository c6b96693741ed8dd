#pragma once

#include <chrono>
#include <vector>

namespace owl::postgres {

/// The processes whose parent is `pid`, as /proc tells at this moment.
std::vector<int> children_of(int pid);

/// Until that process, which need not be our child, has ended; a zombie has. Throws Error(timeout).
void wait_for_end(int pid, std::chrono::milliseconds deadline);

}  // namespace owl::postgres
