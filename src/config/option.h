#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/given.h"
#include "config/settings.h"

namespace owl::config {

/// One key of the configuration. Made by the functions of option_kinds.h, listed once in options.cc; parsing, the names
/// in the environment, checks, help and docs/configuration.md come from here.
struct Option {
  std::string key;   ///< NAME stands for the name of a section: storage.NAME.url
  std::string type;  ///< reads after "must be": "a whole number from 1 to 19"
  std::string default_text;
  std::string help;
  std::string hint = {};  ///< of the error for a wrong value
  bool secret = false;    ///< its value is never shown
  bool list = false;      ///< in the environment: separated by commas (`split_list`)
  bool url = false;       ///< file:/// is a URL there, not a reference
  /// What is wrong with a text that is of the right type; empty: nothing.
  std::function<std::string(const std::string& value)> check = {};
  /// Stores the value; false: it is not of the type.
  std::function<bool(Settings& settings, std::string_view name, const Value& value)> set = {};

  Option checked(std::function<std::string(const std::string&)> function) &&;
  Option hinted(std::string text) &&;
  Option defaults_to(std::string text) &&;  ///< where the default is no constant
};

const std::vector<Option>& options();

/// An option, and the NAME in the key that found it.
struct Match {
  const Option* option;
  std::string_view name;
};
std::optional<Match> find_option(std::string_view key);
/// Is it, or can it be, a section: "storage", "storage.primary", "alerts.slack"? Else an option or unknown.
bool is_section(std::string_view key);
/// NAME in "storage.NAME" and in all that is under it; nullopt: the key is of no named section.
std::optional<std::string_view> section_name(std::string_view key);

/// The known key that is nearest to an unknown one, or empty.
std::string nearest_key(std::string_view key);
std::string nearest_section(std::string_view key);

/// Puts the value into its field. Throws Error(config) that names place, key, value and what is allowed.
void apply(Settings& settings, const Given& given);

}  // namespace owl::config
