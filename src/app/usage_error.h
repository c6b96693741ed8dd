#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace owl::app {

/// Reports a command line that can't be parsed, and returns the exit code. `why` is the parser's reason, `known` the
/// names of all commands. With --json anywhere the report is a JSON document on stdout, as for every other error.
int report_usage_error(std::span<char* const> arguments, std::string_view why, const std::vector<std::string>& known);

}  // namespace owl::app
