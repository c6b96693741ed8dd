// The record of a known WAL gap, as it is under the seal.

#include "document_round_trip.h"
#include "wal/gap_acknowledgement.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_document({data, size}, wal::parse_gap_acknowledgement);
  return 0;
}
