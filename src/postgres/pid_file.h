#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace owl::postgres {

/// What of postmaster.pid (miscinit.c, pidfile.h) tells whether its writer still lives.
struct PidFile {
  std::int64_t pid = 0;
  std::int64_t started = 0;                      ///< seconds since 1970
  std::optional<std::int64_t> shared_memory_id;  ///< System V; there when the server had come that far
};
/// nullopt: it names no process. What else is missing is no error: the file is read while a server may write it.
std::optional<PidFile> parse_pid_file(std::string_view text);

}  // namespace owl::postgres
