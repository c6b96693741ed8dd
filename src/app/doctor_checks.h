#pragma once

#include <string>
#include <vector>

#include "app/invocation.h"

namespace owl::app {

/// What doctor found in one place, with what to do about it.
struct Finding {
  enum class Level { ok, warning, failed };
  Level level = Level::ok;
  std::string area, text, fix;
};
/// Looks at everything, or at one area (storage, keys, postgres). Goes on after failures.
std::vector<Finding> examine(Invocation& in, const std::string& area);

/// The role and settings that a server needs.
std::string fix_sql();

}  // namespace owl::app
