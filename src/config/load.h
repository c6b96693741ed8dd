#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.h"

namespace owl::config {

/// Everything outside the file that a configuration depends on, as parameters.
struct LoadInputs {
  std::optional<std::filesystem::path> file;       ///< -c
  std::optional<std::filesystem::path> env_file;   ///< --env-file: backup.env of the original set-up
  std::vector<std::pair<std::string, std::string>> environment;  ///< all of environ
  std::filesystem::path working_folder;
  bool root = false;
  bool required = true;    ///< false: a command that works without any configuration (demo, completion)
};

/// Finds, reads, merges and checks: file < env file < environment (OWLBACKUP_SECTION__KEY). Values `env:NAME` and
/// `file:PATH` are resolved. Throws Error(config); an unknown key names the key, file, line and the nearest known key;
/// a wrong value names key, file, line, value and what is allowed; every secret found is registered for redaction.
Settings load(const LoadInputs& inputs);

/// One row for each option, for docs and `--help`: key, type, default, help.
struct OptionDoc {
  std::string key, type, default_text, help;
};
std::vector<OptionDoc> describe_options();

}  // namespace owl::config
