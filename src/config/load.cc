#include "config/load.h"

#include <fmt/core.h>

#include "config/conninfo.h"
#include "config/entries.h"
#include "config/env_file.h"
#include "config/env_names.h"
#include "config/option.h"
#include "config/original_names.h"
#include "config/search.h"
#include "config/toml_file.h"
#include "config/validate.h"
#include "observe/log.h"

namespace owl::config {
namespace {

constexpr std::string_view our_variables = "OWLBACKUP_";

/// What is configured, and the paths that it came from.
struct Sources {
  std::optional<std::filesystem::path> file, env_file;
  Entries entries;
};

std::vector<Given> from_file(const std::filesystem::path& file) {
  return value_or_throw(parse_toml(read_config_text(file, "configuration file"), file));
}

std::vector<Given> from_environment(const LoadInputs& inputs) {
  std::vector<Given> given;
  for (const auto& [name, value] : inputs.environment) {
    if (!name.starts_with(our_variables)) continue;
    if (auto key = key_of_variable(name)) {
      given.push_back(Given{.key = std::move(*key),
                            .value = loose(value),
                            .place = fmt::format("environment variable {}", name),
                            .folder = inputs.working_folder});
    } else {
      check_near_miss("environment", name);
    }
  }
  return given;
}

std::vector<EnvVariable> read_env_file(const std::optional<std::filesystem::path>& file) {
  if (!file) return {};
  return value_or_throw(parse_env_file(read_config_text(*file, "environment file"), file->native()));
}

Sources gather(const LoadInputs& inputs) {
  Sources sources{.file = find_config_file(inputs), .env_file = inputs.env_file, .entries = {}};
  if (sources.env_file) sources.env_file = inputs.working_folder / *sources.env_file;
  const auto env_file = read_env_file(sources.env_file);
  const Variables variables(inputs.environment, env_file);

  if (sources.file) sources.entries.add(from_file(*sources.file));
  if (sources.env_file) sources.entries.add(translate_env_file(env_file, *sources.env_file, variables));
  sources.entries.add(from_environment(inputs));
  sources.entries.drop_unused_implied();
  sources.entries.resolve(variables);
  sources.entries.complete_stores(variables);
  return sources;
}

void check_found(const Sources& sources, const LoadInputs& inputs) {
  if (!inputs.required || sources.file || sources.env_file || !sources.entries.empty()) return;
  throw no_config_file(inputs);
}

void set_state_directory(Settings& settings, const LoadInputs& inputs) {
  if (settings.state.directory.empty()) settings.state.directory = default_state_directory(inputs);
  if (!settings.state.directory.empty() || !inputs.required) return;
  throw config_error("", "state.directory is not set, and there is no home folder for its default")
      .with_hint("Set state.directory, or HOME in the environment.");
}

void redact_secrets(const Settings& settings, const Entries& entries) {
  for (const auto& secret : entries.secrets()) redact_in_log(secret);
  for (const auto* conninfo : {&settings.postgres.connection, &settings.postgres.primary}) {
    for (auto& password : conninfo_secrets(*conninfo)) redact_in_log(Secret(std::move(password)));
  }
}

}  // namespace

Settings load(const LoadInputs& inputs) {
  const auto sources = gather(inputs);
  check_found(sources, inputs);
  auto settings = sources.entries.settings();
  settings.file = sources.file.value_or("");
  settings.env_file = sources.env_file.value_or("");
  redact_secrets(settings, sources.entries);
  if (inputs.required) validate(settings, sources.entries);
  set_state_directory(settings, inputs);
  return settings;
}

std::vector<OptionDoc> describe_options() {
  std::vector<OptionDoc> rows;
  for (const auto& option : options()) rows.push_back({option.key, option.type, option.default_text, option.help});
  return rows;
}

std::vector<EnvFileDoc> describe_env_file() {
  std::vector<EnvFileDoc> rows;
  for (const auto& row : original_names()) rows.push_back({row.variable, row.key, row.help});
  return rows;
}

}  // namespace owl::config
