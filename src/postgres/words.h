#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace owl::postgres {

// The small texts of /proc and of a server's files: words between spaces, some of them numbers.

std::vector<std::string_view> words(std::string_view line);
/// A decimal number with nothing but space around it.
std::optional<std::int64_t> to_integer(std::string_view text);

}  // namespace owl::postgres
