#pragma once

#include "base/bytes.h"
#include "base/check.h"

namespace owl::fuzz {

/// What parses must be written, and what was written must be read again as the same.
template <typename Parse>
void check_round_trip(ByteView input, Parse parse) {
  const auto value = parse(input);
  if (!value) return;
  const Bytes once = serialize(*value);
  const auto again = parse(ByteView(once));
  OWL_CHECK(again.has_value(), "what was written can't be read again");
  OWL_CHECK(serialize(*again) == once, "what was read comes back as something else");
}

}  // namespace owl::fuzz
