#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace owl::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 IMF-fixdate, what every server sends in Date); nullopt: anything else.
std::optional<Timestamp> parse_date(std::string_view text);

}  // namespace owl::http
