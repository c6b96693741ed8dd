#include "config/option.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace owl::config {
namespace {

constexpr std::string_view any_name = "NAME";
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::size_t longest_name = 64;

/// Does the key, of as many parts as there are, fit the beginning of the pattern? Gives what stands at NAME.
std::optional<std::string_view> fits(std::string_view pattern, std::string_view key, bool whole) {
  const auto expected = split(pattern, '.');
  const auto parts = split(key, '.');
  if (whole ? parts.size() != expected.size() : parts.size() >= expected.size()) return std::nullopt;
  std::string_view name;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (expected[i] == any_name) {
      name = parts[i];
    } else if (expected[i] != parts[i]) {
      return std::nullopt;
    }
  }
  return name;
}

/// The pattern with the name that the key has at NAME's place, if it has one.
std::string with_name_of(std::string_view pattern, std::string_view key) {
  const auto at = pattern.find(any_name);
  const auto parts = split(key, '.');
  if (at == std::string_view::npos || parts.size() < 2) return std::string(pattern);
  return fmt::format("{}{}{}", pattern.substr(0, at), parts[1], pattern.substr(at + any_name.size()));
}

std::string_view parent(std::string_view key) {
  const auto dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

std::string nearest_of(std::string_view key, const std::vector<std::string>& candidates) {
  const std::vector<std::string_view> views(candidates.begin(), candidates.end());
  return std::string(nearest(key, views));
}

/// `storage.url` is meant to be `storage.NAME.url`.
std::string with_forgotten_name(std::string_view key) {
  for (const auto& option : options()) {
    const auto at = option.key.find(".NAME.");
    if (at == std::string::npos) continue;
    if (fmt::format("{}{}", option.key.substr(0, at), option.key.substr(at + 5)) == key) return option.key;
  }
  return {};
}

Error unknown(const Given& given) {
  const bool section = given.value.kind == ValueKind::section;
  const auto near = section ? nearest_section(given.key) : nearest_key(given.key);
  auto message =
      section ? fmt::format("unknown section [{}]", given.key) : fmt::format("unknown key {}", in_quotes(given.key));
  if (!near.empty())
    message += section ? fmt::format("; did you mean [{}]?", near) : fmt::format("; did you mean {}?", in_quotes(near));
  return config_error(given.place, message).with_hint("docs/configuration.md lists every key.");
}

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && name.front() != '-' && name.front() != '_' &&
         name.find_first_not_of(name_characters) == std::string_view::npos;
}

void check_name(const Given& given, std::string_view name) {
  if (valid_name(name)) return;
  throw config_error(given.place, fmt::format("{} can't be the name of a section", in_quotes(name)))
      .with_hint("A name has lower-case letters, digits, - and _, begins with a letter or digit, and has at most 64.");
}

void check_section(const Given& given) {
  if (!is_section(given.key)) throw unknown(given);
  if (const auto name = section_name(given.key)) check_name(given, *name);
}

bool has_nul(const Value& value) {
  const auto nul_in = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  return nul_in(value.text) || std::ranges::any_of(value.list, nul_in);
}

/// `s3://***@bucket`: a URL with credentials in it is wrong, and must not be shown whole.
std::string without_credentials(const std::string& url) {
  const auto scheme = url.find("://");
  const auto at = url.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos || at < scheme) return url;
  return url.substr(0, scheme + 3) + "***" + url.substr(at);
}

void check_content(const Option& option, const Given& given, const std::string& value) {
  const auto complaint = option.check ? option.check(value) : std::string();
  if (complaint.empty()) return;
  const bool show = given.reference.empty() && !option.secret;
  const auto is = show ? " is " + in_quotes(without_credentials(value)) : std::string();
  throw config_error(given.place, fmt::format("{}{}: {}", given.key, is, complaint)).with_hint(option.hint);
}

void set_value(Settings& settings, const Match& match, const Given& given) {
  const auto& option = *match.option;
  if (option.set(settings, match.name, given.value)) return;
  throw wrong_value(given, fmt::format("must be {}, not {}", option.type, shown(given, option.secret)))
      .with_hint(option.hint);
}

}  // namespace

Option Option::checked(std::function<std::string(const std::string&)> function) && {
  check = std::move(function);
  return std::move(*this);
}

Option Option::hinted(std::string text) && {
  hint = std::move(text);
  return std::move(*this);
}

Option Option::defaults_to(std::string text) && {
  default_text = std::move(text);
  return std::move(*this);
}

std::optional<Match> find_option(std::string_view key) {
  for (const auto& option : options()) {
    if (const auto name = fits(option.key, key, true)) return Match{&option, *name};
  }
  return std::nullopt;
}

bool is_section(std::string_view key) {
  return std::ranges::any_of(options(), [&](const Option& option) { return fits(option.key, key, false).has_value(); });
}

std::optional<std::string_view> section_name(std::string_view key) {
  const auto parts = split(key, '.');
  if (parts.size() < 2) return std::nullopt;
  const auto named = fmt::format("{}.{}.", parts[0], any_name);
  const bool found =
      std::ranges::any_of(options(), [&](const Option& option) { return option.key.starts_with(named); });
  return found ? std::optional(parts[1]) : std::nullopt;
}

std::string nearest_key(std::string_view key) {
  auto forgotten = with_forgotten_name(key);
  if (!forgotten.empty()) return forgotten;
  std::vector<std::string> candidates;
  for (const auto& option : options()) candidates.push_back(with_name_of(option.key, key));
  return nearest_of(key, candidates);
}

std::string nearest_section(std::string_view key) {
  std::vector<std::string> candidates;
  for (const auto& option : options()) {
    const auto named = with_name_of(option.key, key);
    for (auto section = parent(named); !section.empty(); section = parent(section)) candidates.emplace_back(section);
  }
  return nearest_of(key, candidates);
}

void apply(Settings& settings, const Given& given) {
  const auto match = find_option(given.key);
  if (!match && given.value.kind == ValueKind::section) return check_section(given);
  if (!match && is_section(given.key) && with_forgotten_name(given.key).empty()) {
    throw wrong_value(given, "must be a section, not " + shown(given, true));
  }
  if (!match) throw unknown(given);
  if (!match->name.empty()) check_name(given, match->name);
  if (has_nul(given.value)) throw wrong_value(given, "must not hold a NUL byte");
  set_value(settings, *match, given);
  for (const auto& item : given.value.list) check_content(*match->option, given, item);
  if (!match->option->list) check_content(*match->option, given, given.value.text);
}

}  // namespace owl::config
