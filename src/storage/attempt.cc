#include "storage/attempt.h"

#include <fmt/core.h>

namespace owl::storage {

std::string attempt(std::string_view verb, std::string_view what, std::string_view store) {
  if (what.empty()) return fmt::format("cannot {} {}", verb, store);
  return fmt::format("cannot {} {} in {}", verb, what, store);
}

}  // namespace owl::storage
