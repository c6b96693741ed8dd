#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace owl::config {

/// A variable of inputs.environment; nullopt: not set, or empty.
std::optional<std::string> environment_of(const LoadInputs& inputs, std::string_view name);

/// The file that -c or $OWLBACKUP_CONFIG names, which must be there, or the first of `searched_files` that is.
std::optional<std::filesystem::path> find_config_file(const LoadInputs& inputs);
/// Where it was looked for in vain.
Error no_config_file(const LoadInputs& inputs);
/// ./owlbackup.toml, $XDG_CONFIG_HOME/owlbackup/owlbackup.toml, /etc/owlbackup/owlbackup.toml.
std::vector<std::filesystem::path> searched_files(const LoadInputs& inputs);

/// Reads a file of the configuration. Throws Error(config) that calls it `what`.
std::string read_config_text(const std::filesystem::path& file, std::string_view what);

/// /var/lib/owlbackup for root, else $XDG_STATE_HOME/owlbackup or ~/.local/state/owlbackup; empty: there is no home.
std::filesystem::path default_state_directory(const LoadInputs& inputs);

}  // namespace owl::config
