#include "base/time.h"

#include <fmt/core.h>

#include <cctype>
#include <optional>

namespace owl {
namespace {

using std::chrono::microseconds;

struct Civil {
  int year;
  unsigned month, day, hour, minute, second, micros;
};

Civil to_civil(Timestamp t) {
  using namespace std::chrono;
  const sys_time<microseconds> point{microseconds(t.micros)};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss<microseconds> clock{point - day};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<unsigned>(clock.hours().count()),
          static_cast<unsigned>(clock.minutes().count()),
          static_cast<unsigned>(clock.seconds().count()),
          static_cast<unsigned>(clock.subseconds().count())};
}

std::optional<Timestamp> from_civil(const Civil& c) {
  using namespace std::chrono;
  const year_month_day date{year{c.year}, month{c.month}, day{c.day}};
  if (!date.ok() || c.hour > 23 || c.minute > 59 || c.second > 60) return std::nullopt;
  const auto total = sys_days{date}.time_since_epoch() + hours(c.hour) + minutes(c.minute) + seconds(c.second) +
                     microseconds(c.micros);
  return Timestamp{duration_cast<microseconds>(total).count()};
}

std::string fraction(unsigned micros) {
  return micros == 0 ? "" : fmt::format(".{:06}", micros);
}

/// Reads fixed-width numbers and punctuation from the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  std::optional<unsigned> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    unsigned value = 0;
    for (char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::optional<unsigned> parse_fraction(Cursor& in) {
  unsigned micros = 0, scale = 100000, count = 0;
  while (auto digit = in.digits(1)) {
    micros += *digit * scale;
    scale /= 10;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return micros;
}

/// Z, +HH, +HHMM, +HH:MM or nothing (UTC), as an offset east of UTC.
std::optional<microseconds> parse_offset(Cursor& in) {
  in.take(' ');
  if (in.done() || in.take('Z') || in.take('z')) return microseconds(0);
  const bool west = in.take('-');
  if (!west && !in.take('+')) return std::nullopt;
  const auto hours = in.digits(2);
  if (!hours || *hours > 15) return std::nullopt;
  unsigned minutes = 0;
  if (!in.done()) {
    in.take(':');
    const auto value = in.digits(2);
    if (!value || *value > 59) return std::nullopt;
    minutes = *value;
  }
  const std::chrono::minutes offset(*hours * 60 + minutes);
  return west ? -offset : offset;
}

std::optional<Timestamp> parse_absolute(std::string_view text) {
  Cursor in(text);
  Civil c{};
  const auto year = in.digits(4);
  if (!year || !in.take('-')) return std::nullopt;
  const auto month = in.digits(2);
  if (!month || !in.take('-')) return std::nullopt;
  const auto day = in.digits(2);
  if (!day) return std::nullopt;
  c = {static_cast<int>(*year), *month, *day, 0, 0, 0, 0};
  if (in.done()) return from_civil(c);
  if (!in.take('T') && !in.take(' ')) return std::nullopt;
  const auto hour = in.digits(2);
  if (!hour || !in.take(':')) return std::nullopt;
  const auto minute = in.digits(2);
  if (!minute) return std::nullopt;
  c.hour = *hour;
  c.minute = *minute;
  if (in.take(':')) {
    const auto second = in.digits(2);
    if (!second) return std::nullopt;
    c.second = *second;
    if (in.take('.')) {
      const auto micros = parse_fraction(in);
      if (!micros) return std::nullopt;
      c.micros = *micros;
    }
  }
  const auto offset = parse_offset(in);
  if (!offset || !in.done()) return std::nullopt;
  const auto local = from_civil(c);
  if (!local) return std::nullopt;
  return *local - *offset;
}

std::optional<microseconds> unit_of(std::string_view name) {
  using namespace std::chrono;
  if (name == "s") return seconds(1);
  if (name == "min" || name == "m") return minutes(1);
  if (name == "h") return hours(1);
  if (name == "d") return days(1);
  if (name == "w") return weeks(1);
  return std::nullopt;
}

std::optional<Timestamp> parse_relative(std::string_view text, Timestamp now) {
  Cursor in(text);
  if (!in.take('-')) return std::nullopt;
  std::int64_t amount = 0, count = 0;
  while (auto digit = in.digits(1)) {
    amount = amount * 10 + *digit;
    if (++count > 9) return std::nullopt;
  }
  const auto unit = unit_of(in.rest());
  constexpr auto longest = std::chrono::hours(24 * 365 * 1000);
  if (count == 0 || !unit || amount > longest / *unit) return std::nullopt;
  return now - amount * *unit;
}

/// The years 1 to 9999. Where an offset leads out of them could neither be written for PostgreSQL nor read back.
bool has_a_written_form(Timestamp t) {
  constexpr std::int64_t first = -62'135'596'800'000'000, end = 253'402'300'800'000'000;
  return t.micros >= first && t.micros < end;
}

}  // namespace

std::string to_iso(Timestamp t) {
  const auto c = to_civil(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", c.year, c.month, c.day, c.hour, c.minute, c.second,
                     fraction(c.micros));
}

std::string to_compact(Timestamp t) {
  const auto c = to_civil(t);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

Result<Timestamp> parse_compact(std::string_view text) {
  Cursor in(text);
  const auto year = in.digits(4), month = in.digits(2), day = in.digits(2);
  const bool separator = in.take('T');
  const auto hour = in.digits(2), minute = in.digits(2), second = in.digits(2);
  const bool whole = year && month && day && separator && hour && minute && second && in.take('Z') && in.done();
  if (whole && *second < 60) {  // a leap second would come back as the next minute, and so as another key
    if (auto t = from_civil({static_cast<int>(*year), *month, *day, *hour, *minute, *second, 0})) return *t;
  }
  return bad_format(fmt::format("\"{}\" is not a time of the form 20261122T143000Z", text));
}

std::string to_postgres(Timestamp t) {
  const auto c = to_civil(t);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}+00", c.year, c.month, c.day, c.hour, c.minute, c.second,
                     fraction(c.micros));
}

Result<Timestamp> parse_time(std::string_view text, Timestamp now) {
  if (auto t = parse_absolute(text); t && has_a_written_form(*t)) return *t;
  if (auto t = parse_relative(text, now)) return *t;
  return tl::unexpected(Error(ErrorKind::usage, fmt::format("\"{}\" is not a time", text))
                            .with_hint("Write it as PostgreSQL prints it (2026-11-22 14:30:00.123456+00), as ISO 8601 "
                                       "(2026-11-22T14:30:00Z), or relative to now (-15min, -2h, -1d); without a zone "
                                       "it is UTC."));
}

}  // namespace owl
