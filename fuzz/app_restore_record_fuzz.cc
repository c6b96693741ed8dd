// What a host remembers of a restore.

#include "app/restore_record.h"
#include "round_trip.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  fuzz::check_round_trip(input, app::parse_restore_record);
  if (const auto record = app::parse_restore_record(input)) {
    OWL_CHECK(record->id.find('/') == std::string::npos, "an id that leads to another folder");
    (void)postgres::TimelinePath(record->target_timeline, record->history);  // as the agent does: must not throw
  }
  return 0;
}
