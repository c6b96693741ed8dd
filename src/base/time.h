#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace owl {

/// A moment: microseconds since 1970-01-01 00:00:00 UTC. The resolution is PostgreSQL's.
struct Timestamp {
  std::int64_t micros = 0;

  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
  friend Timestamp operator+(Timestamp t, std::chrono::microseconds d) { return {t.micros + d.count()}; }
  friend Timestamp operator-(Timestamp t, std::chrono::microseconds d) { return {t.micros - d.count()}; }
  friend std::chrono::microseconds operator-(Timestamp a, Timestamp b) {
    return std::chrono::microseconds(a.micros - b.micros);
  }
};

/// 2026-11-22T14:30:00.123456Z; the fraction is left out when it is zero.
std::string to_iso(Timestamp t);
/// 20261122T143000Z, whole seconds: sorts as text; used in object keys.
std::string to_compact(Timestamp t);
Result<Timestamp> parse_compact(std::string_view text);
/// 2026-11-22 14:30:00.123456+00: what PostgreSQL takes for recovery_target_time (a numeric offset, never a zone name).
std::string to_postgres(Timestamp t);
/// Takes ISO 8601, PostgreSQL's own format (offset +HH, +HH:MM, +HHMM or Z; none: UTC) and relative to `now` (-15min,
/// -2h, -1d, units s min h d w). Anything else is an error that shows the accepted forms.
Result<Timestamp> parse_time(std::string_view text, Timestamp now);

}  // namespace owl
