#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace owl {

inline constexpr std::uint64_t KiB = 1024;
inline constexpr std::uint64_t MiB = 1024 * KiB;
inline constexpr std::uint64_t GiB = 1024 * MiB;

/// For people: "5.2 GiB", "812 B".
std::string format_bytes(std::uint64_t bytes);
/// For people: "850 ms", "3.2 s", "2 min 05 s", "3 h 20 min", "4 d 02 h".
std::string format_duration(std::chrono::nanoseconds duration);
/// "64MiB", "1.5 GB", "200k"; decimal and binary units, case-insensitive.
Result<std::uint64_t> parse_bytes(std::string_view text);
/// "90", "90s", "5min", "4h", "7d"; a bare number is seconds.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace owl
