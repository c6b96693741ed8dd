// The info section of a WAL object, with its change map and events. What is accepted must come out the same again.

#include <cstdlib>

#include "wal/wal_object.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto info = wal::parse_wal_info({data, size});
  if (!info) return 0;
  const auto bytes = wal::serialize(*info);
  const auto again = wal::parse_wal_info(bytes);
  const bool has_segment = info->segment.segment_size != 0;  // without one nothing of it is stored
  if (!again || (has_segment && again->segment.map != info->segment.map)) std::abort();
  if (wal::serialize(*again) != bytes) std::abort();
  return 0;
}
