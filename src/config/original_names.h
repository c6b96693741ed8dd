#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/env_file.h"
#include "config/given.h"
#include "config/references.h"

namespace owl::config {

/// How the value of a variable of backup.env becomes that of a key.
enum class OriginalForm {
  same,
  conninfo,   ///< one term of postgres.connection
  bucket,     ///< "bucket" or "bucket/prefix", which becomes s3://…
  endpoint,   ///< a host without a scheme becomes https://…
  commas,     ///< a list by comma
  paths,      ///< a list by comma, colon or blank
  addresses,  ///< a list by comma, semicolon or blank
};

/// One variable of the original set-up's backup.env.
struct OriginalName {
  std::string variable, key, help;
  OriginalForm form = OriginalForm::same;
  std::string keyword = {};  ///< libpq's, for form conninfo
  bool implied = false;      ///< see Given::implied
};
const std::vector<OriginalName>& original_names();

/// What the variables of `file` say, as keys. Those that are empty say nothing. Throws Error(config) on an unknown one
/// that is nearly a known one; others are ignored.
std::vector<Given> translate_env_file(const std::vector<EnvVariable>& variables, const std::filesystem::path& file,
                                      const Variables& references);

}  // namespace owl::config
