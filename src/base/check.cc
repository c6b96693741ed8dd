#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace owl::detail {

void check_failed(const char* file, int line, const char* condition, const char* message) {
  std::fprintf(stderr, "owlbackup: bug at %s:%d: %s (%s); nothing half-done counts as done\n", file, line, message,
               condition);
  std::abort();
}

}  // namespace owl::detail
