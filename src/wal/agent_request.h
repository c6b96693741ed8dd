#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace owl::wal {

inline constexpr std::size_t longest_agent_request = 256;  ///< bytes, with the end of the line

/// One line that the restore agent is sent: `ping`, `stop` or `fetch NAME` (docs/wal.md).
struct AgentRequest {
  enum class Kind { ping, stop, fetch };
  Kind kind = Kind::ping;
  std::string file_name = {};  ///< of fetch; a name of PostgreSQL's own, so that it leads out of no folder
};
std::string to_text(const AgentRequest& request);  ///< without the end of the line
/// What stands behind the first end of a line is left aside.
Result<AgentRequest> parse_agent_request(std::string_view text);

}  // namespace owl::wal
