#include "config/entries.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/option.h"

namespace owl::config {
namespace {

constexpr std::string_view primary = "primary", primary_section = "storage.primary";
/// A store that sets none of the first group takes the second from storage.primary.
constexpr std::array<std::string_view, 2> server{"endpoint", "region"};
constexpr std::array<std::string_view, 6> server_settings{"endpoint", "region",  "addressing",
                                                          "ca_file",  "tls_min", "allow_plain_http"};
constexpr std::array<std::string_view, 3> credentials{"access_key_id", "secret_access_key", "session_token"};

std::string joined(std::string_view section, std::string_view key) {
  return fmt::format("{}.{}", section, key);
}

/// The environment can't write a '-', so MY_STORE finds [storage.my-store].
bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b,
                            [](char x, char y) { return x == y || (x == '-' && y == '_') || (x == '_' && y == '-'); });
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  for (const auto part : split(text, ',')) {
    if (!trim(part).empty()) parts.emplace_back(trim(part));
  }
  return parts;
}

void make_list(Value& value) {
  if (value.kind == ValueKind::loose) value = {.kind = ValueKind::list, .text = {}, .list = split_list(value.text)};
}

/// The key with the name of a section that is there already, where only '-' and '_' differ.
std::string with_known_name(std::string key, const Entries& entries) {
  const auto name = section_name(key);
  if (!name) return key;
  const auto parts = split(key, '.');
  for (const auto& known : entries.names_in(parts[0])) {
    if (!same_name(known, *name)) continue;
    return fmt::format("{}.{}{}", parts[0], known, key.substr(parts[0].size() + 1 + name->size()));
  }
  return key;
}

}  // namespace

void Entries::add(std::vector<Given> source) {
  for (auto& given : source) {
    given.key = with_known_name(std::move(given.key), *this);
    const auto known = std::ranges::find(entries_, given.key, &Given::key);
    if (known == entries_.end()) {
      entries_.push_back(std::move(given));
    } else {
      *known = std::move(given);
    }
  }
}

const Given* Entries::find(std::string_view key) const {
  const auto found = std::ranges::find(entries_, key, &Given::key);
  return found == entries_.end() ? nullptr : &*found;
}

std::string Entries::place_of(std::string_view key) const {
  for (auto part = key; !part.empty(); part = part.substr(0, part.rfind('.') == part.npos ? 0 : part.rfind('.'))) {
    if (const auto* given = find(part)) return given->place;
    const auto inside = std::ranges::find_if(
        entries_, [&](const Given& given) { return given.key.starts_with(fmt::format("{}.", part)); });
    if (inside != entries_.end() && section_name(part)) return inside->place;
  }
  return {};
}

std::vector<std::string> Entries::names_in(std::string_view group) const {
  std::vector<std::string> names;
  for (const auto& given : entries_) {
    const auto name = section_name(given.key);
    if (!name || !given.key.starts_with(fmt::format("{}.", group))) continue;
    if (std::ranges::find(names, *name) == names.end()) names.emplace_back(*name);
  }
  std::stable_partition(names.begin(), names.end(), [](const std::string& name) { return name == primary; });
  return names;
}

void Entries::drop_unused_implied() {
  const bool used = find(joined(primary_section, "url")) != nullptr;
  if (!used) std::erase_if(entries_, [](const Given& given) { return given.implied; });
}

void Entries::resolve(const Variables& variables) {
  for (auto& given : entries_) {
    const auto match = find_option(given.key);
    if (!match) continue;
    if (match->option->list) make_list(given.value);
    resolve_references(given, variables, match->option->url);
    if (match->option->list) make_list(given.value);
  }
}

bool Entries::has_any(std::string_view section, std::span<const std::string_view> keys) const {
  return std::ranges::any_of(keys, [&](auto key) { return find(joined(section, key)) != nullptr; });
}

bool Entries::is_s3(std::string_view section) const {
  const auto* url = find(joined(section, "url"));
  return url != nullptr && url->value.text.starts_with("s3://");
}

void Entries::inherit(const std::string& section, std::span<const std::string_view> keys) {
  for (const auto key : keys) {
    const auto* from = find(joined(primary_section, key));
    if (from == nullptr || find(joined(section, key)) != nullptr) continue;
    auto copy = *from;
    copy.key = joined(section, key);
    entries_.push_back(std::move(copy));
  }
}

void Entries::take_keys_of_environment(const std::string& section, const Variables& variables) {
  static constexpr std::array<std::string_view, 3> names{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                                         "AWS_SESSION_TOKEN"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto value = variables.find(names[i]);
    if (!value) continue;
    entries_.push_back(Given{.key = joined(section, credentials[i]),
                             .value = loose(std::move(*value)),
                             .place = fmt::format("environment variable {}", names[i]),
                             .folder = {},
                             .reference = fmt::format("env:{}", names[i])});
  }
}

void Entries::complete_stores(const Variables& variables) {
  for (const auto& name : names_in("storage")) {
    const auto section = joined("storage", name);
    if (!is_s3(section)) continue;
    if (name != primary && !has_any(section, server)) inherit(section, server_settings);
    if (!has_any(section, credentials)) inherit(section, credentials);
    if (!has_any(section, credentials)) take_keys_of_environment(section, variables);
  }
}

Settings Entries::settings() const {
  Settings settings;
  for (auto& name : names_in("storage")) settings.storage.emplace_back().name = std::move(name);
  for (auto& name : names_in("files")) settings.files.emplace_back().name = std::move(name);
  for (const auto& given : entries_) apply(settings, given);
  return settings;
}

std::vector<Secret> Entries::secrets() const {
  std::vector<Secret> secrets;
  for (const auto& given : entries_) {
    const auto match = find_option(given.key);
    if (match && match->option->secret && !given.value.text.empty()) secrets.emplace_back(given.value.text);
  }
  return secrets;
}

}  // namespace owl::config
