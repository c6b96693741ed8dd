#include "config/env_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "config/near.h"
#include "config/option.h"
#include "config/original_names.h"

namespace owl::config {
namespace {

constexpr std::string_view ours = "OWLBACKUP_";
constexpr std::string_view config_file = "OWLBACKUP_CONFIG";
constexpr std::string_view between = "__";
constexpr unsigned most_edits = 2;

bool means_top_level_key(std::string_view rest) {
  const auto match = find_option(to_lower(rest));
  return match && match->option->key.find('.') == std::string::npos;
}

std::string joined_by_dots(std::string_view rest) {
  std::string key;
  while (true) {
    const auto at = rest.find(between);
    key += to_lower(rest.substr(0, at));
    if (at == std::string_view::npos) return key;
    key += '.';
    rest.remove_prefix(at + between.size());
  }
}

}  // namespace

std::optional<std::string> key_of_variable(std::string_view variable) {
  if (!variable.starts_with(ours) || variable == config_file) return std::nullopt;
  const auto rest = variable.substr(ours.size());
  if (rest.find(between) == std::string_view::npos && !means_top_level_key(rest)) return std::nullopt;
  return joined_by_dots(rest);
}

std::string variable_of_key(std::string_view key) {
  std::string variable(ours);
  for (const char c : key) {
    if (c == '.') {
      variable += between;
    } else {
      variable += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return variable;
}

std::optional<std::string> near_miss(std::string_view variable) {
  if (variable == config_file) return std::nullopt;
  if (within_edits(variable, config_file, most_edits)) return std::string(config_file);
  for (const auto& row : original_names()) {
    if (within_edits(variable, row.variable, most_edits)) return row.variable;
  }
  for (const auto& option : options()) {
    for (const std::string_view name : {"PRIMARY", "SECONDARY", "ASSETS"}) {
      auto known = variable_of_key(option.key);
      if (const auto at = known.find("NAME__"); at != std::string::npos) known.replace(at, 4, name);
      if (within_edits(variable, known, most_edits)) return known;
    }
  }
  return std::nullopt;
}

void check_near_miss(std::string_view place, std::string_view variable) {
  if (const auto known = near_miss(variable)) {
    throw config_error(place, fmt::format("unknown variable {}; did you mean {}?", variable, *known));
  }
}

}  // namespace owl::config
