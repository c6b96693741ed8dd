#include "postgres/standby_names.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"

namespace owl::postgres {
namespace {

/// Words, names in double quotes without them, and single punctuation marks. nullopt: a quote is left open.
std::optional<std::vector<std::string>> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.find_first_of(" \t\n\r\f\v,", at) == at) {
      ++at;
    } else if (text[at] == '(' || text[at] == ')') {
      tokens.emplace_back(1, text[at++]);
    } else if (text[at] == '"') {
      std::string name;
      for (++at;; ++at) {
        if (at >= text.size()) return std::nullopt;
        if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"')) break;
        if (text[at] == '"') ++at;
        name += text[at];
      }
      ++at;
      tokens.push_back(std::move(name));
    } else {
      const auto end = std::min(text.find_first_of(" \t\n\r\f\v,()\"", at), text.size());
      tokens.emplace_back(text.substr(at, end - at));
      at = end;
    }
  }
  return tokens;
}

}  // namespace

bool names_synchronous_standby(std::string_view setting, std::string_view application_name) {
  const auto tokens = tokens_of(setting);
  if (!tokens) return true;
  const auto wanted = to_lower(application_name);
  // FIRST, ANY and the number before a parenthesis are looked at as names, too: ours is neither.
  for (const auto& token : *tokens) {
    if (token == "*" || to_lower(token) == wanted) return true;
  }
  return false;
}

}  // namespace owl::postgres
