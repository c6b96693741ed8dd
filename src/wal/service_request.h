#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace owl::wal {

inline constexpr std::size_t longest_service_request = 256;  ///< bytes, with the end of the line

/// One line that the WAL service is sent: `status` or `push NAME` (docs/wal.md).
struct ServiceRequest {
  enum class Kind { status, push };
  Kind kind = Kind::status;
  std::string file_name = {};  ///< of push; a name of PostgreSQL's own, so that it leads out of no folder
};
std::string to_text(const ServiceRequest& request);  ///< without the end of the line
/// What stands behind the first end of a line is left aside. Any account that may connect can write any bytes here.
Result<ServiceRequest> parse_service_request(std::string_view text);

}  // namespace owl::wal
