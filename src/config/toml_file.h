#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/given.h"

namespace owl::config {

/// Every key and section of a TOML text in its order, each with its line; keys are not looked at. `file` is for the
/// messages, and a relative file:PATH starts from its folder. Fails on what is not TOML, with line and column.
Result<std::vector<Given>> parse_toml(std::string_view text, const std::filesystem::path& file);

}  // namespace owl::config
