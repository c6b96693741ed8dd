#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace owl::app {

/// "reading 1.2 GiB of 5.2 GiB, 23 %, 410.0 MiB/s, 10 s left". `total` 0: unknown; `seconds` since the phase began.
std::string progress_text(std::string_view phase, std::uint64_t done, std::uint64_t total, std::string_view unit,
                          double seconds);

/// Headings and rows, one line each, in columns as wide as their widest cell.
std::string table_text(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows);

}  // namespace owl::app
