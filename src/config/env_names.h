#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/env_file.h"
#include "config/given.h"

namespace owl::config {

/// "storage.primary.url" for OWLBACKUP_STORAGE__PRIMARY__URL; nullopt: not one of ours, or none that names a key
/// (OWLBACKUP_CONFIG, and what has no "__" and is not a key of the top level: other parts read those).
std::optional<std::string> key_of_variable(std::string_view variable);
/// OWLBACKUP_STORAGE__NAME__URL for "storage.NAME.url".
std::string variable_of_key(std::string_view key);

/// The name of a variable that `variable`, which means nothing, was probably meant to be; nullopt: none is near.
std::optional<std::string> near_miss(std::string_view variable);
/// Throws Error(config) where `variable` is a near miss.
void check_near_miss(std::string_view place, std::string_view variable);

}  // namespace owl::config
