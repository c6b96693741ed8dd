#pragma once

#include "repository/document.h"
#include "round_trip.h"

namespace owl::fuzz {

/// Once as it came, and once as the body of a well-made document, so that the fuzzer need not learn zstd.
template <typename Parse>
void check_document(ByteView input, Parse parse) {
  check_round_trip(input, parse);
  check_round_trip(repository::make_document(1, input), parse);
}

}  // namespace owl::fuzz
