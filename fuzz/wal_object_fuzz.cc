// The header of a stored WAL object, and its info section as it is under the seal.

#include "round_trip.h"
#include "wal/wal_object.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  fuzz::check_round_trip(input, wal::parse_wal_info);
  if (const auto header = wal::parse_wal_header(input)) {
    OWL_CHECK(header->plain_size <= 1u << 30 && header->payload_size < 2u << 30, "more than a segment");
    OWL_CHECK(header->object_size() > header->info_size + header->payload_size, "a size that wrapped around");
  }
  return 0;
}
