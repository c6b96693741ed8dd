#include "http/headers.h"

#include "base/text.h"

namespace owl::http {

void Headers::add_line(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return;
  add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const auto wanted = to_lower(name);
  for (const auto& header : all_) {
    if (to_lower(header.name) == wanted) return header.value;
  }
  return std::nullopt;
}

}  // namespace owl::http
