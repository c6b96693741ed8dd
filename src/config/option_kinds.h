#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>

#include "config/option.h"

namespace owl::config {

/// Finds an option's field in the settings; `name` is that of a named section.
template <typename T>
using Field = std::function<T&(Settings& settings, std::string_view name)>;

namespace detail {
template <typename T>
T& follow(T& object) {
  return object;
}
template <typename T, typename First, typename... Rest>
auto& follow(T& object, First first, Rest... rest) {
  return follow(object.*first, rest...);
}
template <typename T>
T& entry_named(std::vector<T>& sections, std::string_view name) {
  const auto found = std::ranges::find(sections, name, &T::name);
  if (found != sections.end()) return *found;
  sections.emplace_back();
  sections.back().name = name;
  return sections.back();
}
}  // namespace detail

/// at(&Settings::wal, &WalSettings::acknowledge)
template <typename... Members>
auto at(Members... members) {
  return [members...](Settings & settings, std::string_view) -> auto& {
    return detail::follow(settings, members...);
  };
}
/// The field of `[storage.NAME]`; the section is appended where there is none of that name yet.
template <typename T>
auto in_storage(T StorageSettings::*member) {
  return [member](Settings& settings, std::string_view name) -> T& {
    return detail::entry_named(settings.storage, name).*member;
  };
}
/// The field of `[files.NAME]`.
template <typename T>
auto in_files(T FilesSettings::*member) {
  return [member](Settings& settings, std::string_view name) -> T& {
    return detail::entry_named(settings.files, name).*member;
  };
}

struct Range {
  std::int64_t least, most;
};

/// An Option of each kind. Its default is what the field holds in a fresh Settings.
Option text(std::string key, Field<std::string> field, std::string help);
/// A text that may be a number, which TOML writes without quotes.
Option word(std::string key, Field<std::string> field, std::string help);
Option url(std::string key, Field<std::string> field, std::string help);
Option choice(std::string key, Field<std::string> field, std::vector<std::string> allowed, std::string help);
Option cron(std::string key, Field<std::string> field, std::string help);
Option absolute_path(std::string key, Field<std::filesystem::path> field, std::string help);
Option absolute_path(std::string key, Field<std::string> field, std::string help);
Option flag(std::string key, Field<bool> field, std::string help);
Option number(std::string key, Field<int> field, Range range, std::string help);
Option number(std::string key, Field<unsigned> field, Range range, std::string help);
Option size(std::string key, Field<std::uint64_t> field, std::uint64_t least, std::string help);
Option duration(std::string key, Field<std::chrono::milliseconds> field, std::string help);
Option list(std::string key, Field<std::vector<std::string>> field, std::string help);
Option secret(std::string key, Field<Secret> field, std::string help);

}  // namespace owl::config
