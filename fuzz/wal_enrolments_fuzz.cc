// The list of data directories that may archive.

#include "round_trip.h"
#include "wal/enrolment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  owl::fuzz::check_round_trip({data, size}, owl::wal::parse_enrolments);
  return 0;
}
