#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace owl::config {

struct EnvVariable {
  std::string name, value;
  std::size_t line = 0;
};

/// Reads lines of `KEY=value` as a shell would that expands nothing: `export` in front, '…' and "…", a backslash before
/// any character, comments. Quotes end on their line. A value without quotes may have blanks in it. The last of two
/// lines for one variable counts. `name` of the file is for messages. Fails with the line on anything else.
Result<std::vector<EnvVariable>> parse_env_file(std::string_view text, std::string_view name);

/// [A-Za-z_][A-Za-z0-9_]*
bool is_variable_name(std::string_view text);

}  // namespace owl::config
