#include "config/references.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "os/file.h"

namespace owl::config {
namespace {

constexpr std::string_view env_prefix = "env:", file_prefix = "file:";
constexpr std::uint64_t largest_file = 64u << 10;

std::string reason(const Error& error) {
  if (error.errno_value() == 0) return error.message();
  return strerrordesc_np(error.errno_value());
}

std::string variable_value(const Given& given, std::string_view reference, const Variables& variables) {
  const auto name = reference.substr(env_prefix.size());
  if (auto value = variables.find(name)) return std::move(*value);
  throw wrong_value(given, fmt::format("is {}, but {} is not set", reference, name))
      .with_hint(fmt::format("Set {} in the environment of owlbackup, or in the file that --env-file names.", name));
}

std::string file_value(const Given& given, std::string_view reference, bool is_url) {
  const auto path = given.folder / reference.substr(file_prefix.size());
  try {
    const auto bytes = os::read_file(path, largest_file);
    auto text = as_text(bytes);
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    return std::string(text);
  } catch (const Error& error) {
    throw wrong_value(given, fmt::format("is {}, but {} can't be read: {}", reference, path.native(), reason(error)))
        .with_hint(is_url ? "A folder as a store is written with three slashes: file:///path."
                          : "The account that runs owlbackup must be able to read it; archive_command runs as "
                            "PostgreSQL's.");
  }
}

/// What the reference stands for; nullopt: the text is none.
std::optional<std::string> resolved(const Given& given, std::string_view text, const Variables& variables,
                                    bool is_url) {
  if (text.starts_with(env_prefix)) return variable_value(given, text, variables);
  if (is_url && text.starts_with("file://")) return std::nullopt;
  if (text.starts_with(file_prefix)) return file_value(given, text, is_url);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Variables::find(std::string_view name) const {
  const auto set = std::ranges::find(environment_, name, &Environment::value_type::first);
  if (set != environment_.end() && !set->second.empty()) return set->second;
  const auto row = std::ranges::find(env_file_, name, &EnvVariable::name);
  if (row != env_file_.end() && !row->value.empty()) return row->value;
  return std::nullopt;
}

void resolve_references(Given& given, const Variables& variables, bool is_url) {
  if (given.value.is_text()) {
    auto value = resolved(given, given.value.text, variables, is_url);
    if (!value) return;
    given.reference = std::exchange(given.value, loose(std::move(*value))).text;
  }
  for (auto& item : given.value.list) {
    auto value = resolved(given, item, variables, is_url);
    if (!value) continue;
    given.reference = std::exchange(item, std::move(*value));
  }
}

}  // namespace owl::config
