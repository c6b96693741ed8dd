#include "config/search.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "config/given.h"
#include "os/file.h"

namespace owl::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view file_name = "owlbackup.toml", folder_name = "owlbackup";
constexpr std::uint64_t largest_file = 256u << 10;

/// $VARIABLE, or `otherwise` under the home folder. The XDG rules ignore a path that is not absolute.
std::optional<fs::path> xdg_folder(const LoadInputs& inputs, std::string_view variable, std::string_view otherwise) {
  if (const auto set = environment_of(inputs, variable); set && set->starts_with('/')) return fs::path(*set);
  if (const auto home = environment_of(inputs, "HOME"); home && home->starts_with('/'))
    return fs::path(*home) / otherwise;
  return std::nullopt;
}

/// Why the file can't be looked at; no_such_file_or_directory: it is not there.
std::error_code look_at(const fs::path& file) {
  std::error_code error;
  const auto type = fs::status(file, error).type();
  return type == fs::file_type::not_found ? std::make_error_code(std::errc::no_such_file_or_directory) : error;
}

fs::path named_file(const LoadInputs& inputs, const fs::path& name, std::string_view named_by) {
  auto file = inputs.working_folder / name;
  if (look_at(file) != std::errc::no_such_file_or_directory) return file;  // reading it says what else may be wrong
  throw config_error("", fmt::format("configuration file {}, named by {}, does not exist", file.native(), named_by))
      .with_hint("Check the path; docs/configuration.md shows a file to begin with.");
}

}  // namespace

std::optional<std::string> environment_of(const LoadInputs& inputs, std::string_view name) {
  const auto found = std::ranges::find(inputs.environment, name, &std::pair<std::string, std::string>::first);
  if (found == inputs.environment.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<fs::path> find_config_file(const LoadInputs& inputs) {
  if (inputs.file) return named_file(inputs, *inputs.file, "-c");
  if (const auto named = environment_of(inputs, "OWLBACKUP_CONFIG")) {
    return named_file(inputs, *named, "OWLBACKUP_CONFIG");
  }
  for (auto& file : searched_files(inputs)) {
    if (!look_at(file)) return std::move(file);
  }
  return std::nullopt;
}

std::vector<fs::path> searched_files(const LoadInputs& inputs) {
  std::vector<fs::path> files{inputs.working_folder / file_name};
  if (const auto config = xdg_folder(inputs, "XDG_CONFIG_HOME", ".config")) {
    files.push_back(*config / folder_name / file_name);
  }
  files.push_back(inputs.system_folder / file_name);
  return files;
}

Error no_config_file(const LoadInputs& inputs) {
  std::string places;
  for (const auto& file : searched_files(inputs)) {
    const auto error = look_at(file);
    const bool absent = error == std::errc::no_such_file_or_directory;
    places += (places.empty() ? "" : ", ") + file.native() + (absent ? "" : " (" + error.message() + ")");
  }
  return config_error("", "no configuration found; looked for " + places)
      .with_hint("Name a file by -c, OWLBACKUP_CONFIG or --env-file; docs/configuration.md shows one to begin with.");
}

std::string read_config_text(const fs::path& file, std::string_view what) {
  try {
    return std::string(as_text(os::read_file(file, largest_file)));
  } catch (const Error& error) {
    const auto reason = error.errno_value() != 0 ? strerrordesc_np(error.errno_value()) : error.message();
    throw config_error("", fmt::format("{} {} can't be read: {}", what, file.native(), reason))
        .with_hint("The account that runs owlbackup must be able to read it; archive_command runs as PostgreSQL's.");
  }
}

fs::path default_state_directory(const LoadInputs& inputs) {
  if (inputs.root) return "/var/lib/owlbackup";
  const auto state = xdg_folder(inputs, "XDG_STATE_HOME", ".local/state");
  return state ? *state / folder_name : fs::path();
}

}  // namespace owl::config
