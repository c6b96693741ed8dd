#include "postgres/pid_file.h"

#include <limits>

#include "base/text.h"
#include "postgres/words.h"

namespace owl::postgres {
namespace {

/// Far enough from the ends of the number line to be reckoned with; a time beyond it was not written by a server.
constexpr std::int64_t latest_start = std::int64_t{1} << 40;

bool is_pid(std::int64_t value) {
  constexpr std::int64_t largest = std::numeric_limits<int>::max();
  return value != 0 && value >= -largest && value <= largest;
}

}  // namespace

std::optional<PidFile> parse_pid_file(std::string_view text) {
  const auto lines = split(text, '\n');
  const auto pid = to_integer(lines[0]);
  if (!pid || !is_pid(*pid)) return std::nullopt;
  PidFile file;
  file.pid = *pid < 0 ? -*pid : *pid;  // negative: a stand-alone backend
  const auto started = lines.size() > 2 ? to_integer(lines[2]) : std::nullopt;
  if (started && *started > 0 && *started < latest_start) file.started = *started;
  if (lines.size() > 6) {
    const auto key_and_id = words(lines[6]);
    if (key_and_id.size() == 2) file.shared_memory_id = to_integer(key_and_id[1]);
  }
  return file;
}

}  // namespace owl::postgres
