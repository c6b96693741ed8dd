#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.h"

namespace owl::config {

/// Everything outside the file that a configuration depends on, as parameters.
struct LoadInputs {
  std::optional<std::filesystem::path> file;                     ///< -c
  std::optional<std::filesystem::path> env_file;                 ///< --env-file: backup.env of the original set-up
  std::vector<std::pair<std::string, std::string>> environment;  ///< all of environ
  std::filesystem::path working_folder;
  std::filesystem::path system_folder = "/etc/owlbackup";
  bool root = false;
  bool required = true;  ///< false: a command that works without any configuration (demo, completion)
};

/// Finds, reads, merges and checks: file < env file < environment (OWLBACKUP_SECTION__KEY). Values `env:NAME` and
/// `file:PATH` are resolved. Throws Error(config); an unknown key names the key, file, line and the nearest known key;
/// a wrong value names key, file, line, value and what is allowed; every secret found is registered for redaction.
/// Values are always checked; what only the whole can tell (is there a store, a recipient …) is where `required`.
Settings load(const LoadInputs& inputs);

/// One row for each option, for docs and `--help`: key, type, default, help.
struct OptionDoc {
  std::string key, type, default_text, help;
};
std::vector<OptionDoc> describe_options();

/// One row for each variable of backup.env, for docs.
struct EnvFileDoc {
  std::string variable, key, help;
};
std::vector<EnvFileDoc> describe_env_file();

}  // namespace owl::config
