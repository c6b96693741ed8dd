// Recovery tickets, from a file or from another process.

#include "round_trip.h"
#include "wal/recovery_ticket.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  fuzz::check_round_trip(input, wal::parse_recovery_ticket);
  if (const auto ticket = wal::parse_recovery_ticket(input)) {
    (void)postgres::TimelinePath(ticket->target_timeline,
                                 ticket->history);  // as whoever serves it does: must not throw
  }
  return 0;
}
