#include "postgres/words.h"

#include <charconv>

#include "base/text.h"

namespace owl::postgres {

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> found;
  for (const auto word : split(line, ' ')) {
    if (!trim(word).empty()) found.push_back(trim(word));
  }
  return found;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  text = trim(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace owl::postgres
