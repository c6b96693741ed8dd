#include "base/time.h"

#include <gtest/gtest.h>

#include <random>

namespace owl {
namespace {

/// 2026-11-22 14:30:00 UTC.
constexpr Timestamp now{1'795'357'800'000'000};

std::string parsed(std::string_view text) {
  const auto t = parse_time(text, now);
  return t ? to_iso(*t) : "refused";
}

TEST(Time, IsFormattedForItsThreeReaders) {
  struct Case {
    std::int64_t micros;
    const char *iso, *compact, *postgres;
  };
  const Case cases[] = {
      {now.micros, "2026-11-22T14:30:00Z", "20261122T143000Z", "2026-11-22 14:30:00+00"},
      {now.micros + 123'456, "2026-11-22T14:30:00.123456Z", "20261122T143000Z", "2026-11-22 14:30:00.123456+00"},
      {now.micros + 1, "2026-11-22T14:30:00.000001Z", "20261122T143000Z", "2026-11-22 14:30:00.000001+00"},
      {0, "1970-01-01T00:00:00Z", "19700101T000000Z", "1970-01-01 00:00:00+00"},
      {-1, "1969-12-31T23:59:59.999999Z", "19691231T235959Z", "1969-12-31 23:59:59.999999+00"},
      {946'684'800'000'000, "2000-01-01T00:00:00Z", "20000101T000000Z", "2000-01-01 00:00:00+00"},
      {951'782'399'000'000, "2000-02-28T23:59:59Z", "20000228T235959Z", "2000-02-28 23:59:59+00"},
      {951'782'400'000'000, "2000-02-29T00:00:00Z", "20000229T000000Z", "2000-02-29 00:00:00+00"},
      {4'107'542'400'000'000, "2100-03-01T00:00:00Z", "21000301T000000Z", "2100-03-01 00:00:00+00"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(to_iso({c.micros}), c.iso);
    EXPECT_EQ(to_compact({c.micros}), c.compact);
    EXPECT_EQ(to_postgres({c.micros}), c.postgres);
  }
}

TEST(ParseTime, TakesIsoAndPostgresForms) {
  const std::pair<const char*, const char*> cases[] = {
      {"2026-11-22T14:30:00Z", "2026-11-22T14:30:00Z"},
      {"2026-11-22T14:30:00z", "2026-11-22T14:30:00Z"},
      {"2026-11-22 14:30:00", "2026-11-22T14:30:00Z"},
      {"2026-11-22 14:30", "2026-11-22T14:30:00Z"},
      {"2026-11-22T14:30Z", "2026-11-22T14:30:00Z"},
      {"2026-11-22", "2026-11-22T00:00:00Z"},
      {"2026-11-22 14:30:00.5", "2026-11-22T14:30:00.500000Z"},
      {"2026-11-22 14:30:00.123456+00", "2026-11-22T14:30:00.123456Z"},
      {"2026-11-22 14:30:00.123456789+00", "2026-11-22T14:30:00.123456Z"},
      {"2026-11-22 14:30:00+02", "2026-11-22T12:30:00Z"},
      {"2026-11-22 14:30:00 +02", "2026-11-22T12:30:00Z"},
      {"2026-11-22 14:30:00-08", "2026-11-22T22:30:00Z"},
      {"2026-11-22T14:30:00+05:30", "2026-11-22T09:00:00Z"},
      {"2026-11-22T14:30:00+0530", "2026-11-22T09:00:00Z"},
      {"2026-11-22T14:30:00-00:30", "2026-11-22T15:00:00Z"},
      {"2026-01-01 00:30:00+01", "2025-12-31T23:30:00Z"},
      {"2024-02-29 00:00:00", "2024-02-29T00:00:00Z"},
      {"2026-11-22 23:59:60", "2026-11-23T00:00:00Z"},  // a leap second, as PostgreSQL reads it
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(parsed(text), expected) << text;
}

TEST(ParseTime, TakesTimesBeforeNow) {
  const std::pair<const char*, const char*> cases[] = {
      {"-0s", "2026-11-22T14:30:00Z"},  {"-1s", "2026-11-22T14:29:59Z"},   {"-15min", "2026-11-22T14:15:00Z"},
      {"-15m", "2026-11-22T14:15:00Z"}, {"-2h", "2026-11-22T12:30:00Z"},   {"-1d", "2026-11-21T14:30:00Z"},
      {"-1w", "2026-11-15T14:30:00Z"},  {"-400d", "2025-10-18T14:30:00Z"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(parsed(text), expected) << text;
}

TEST(ParseTime, RefusesTheRest) {
  for (const char* text : {"",
                           " ",
                           "now",
                           "yesterday",
                           "22.11.2026",
                           "11/22/2026",
                           "2026-11",
                           "2026-1-2",
                           "2026-11-22T",
                           "2026-11-22 14",
                           "2026-11-22 14:3",
                           "2026-11-22 24:00:00",
                           "2026-11-22 14:60:00",
                           "2026-11-22 14:30:61",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-11-31",
                           "2026-02-29",
                           "2100-02-29",
                           "2026-11-22 14:30:00.",
                           "2026-11-22 14:30:00 CET",
                           "2026-11-22 14:30:00+1",
                           "2026-11-22 14:30:00+16",
                           "2026-11-22 14:30:00+02:60",
                           "2026-11-22 14:30:00+02:",
                           "2026-11-22T14:30:00Zx",
                           "2026-11-22T14:30:00Z ",
                           "-2",
                           "-h",
                           "-2y",
                           "2h",
                           "+2h",
                           "- 2h",
                           "-2h30min",
                           "--2h",
                           "-1.5h",
                           "-10000000000s",
                           "0000-12-31",
                           "0001-01-01 00:30:00+01",
                           "9999-12-31 23:30:00-01"}) {
    EXPECT_EQ(parsed(text), "refused") << text;
  }
}

TEST(ParseTime, ShowsTheAcceptedForms) {
  const auto error = parse_time("tomorrow", now).error();
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_STREQ(error.what(), "\"tomorrow\" is not a time");
  EXPECT_EQ(error.hint(),
            "Write it as PostgreSQL prints it (2026-11-22 14:30:00.123456+00), as ISO 8601 (2026-11-22T14:30:00Z), or "
            "relative to now (-15min, -2h, -1d); without a zone it is UTC.");
}

TEST(ParseTime, ReadsBackWhatItFormats) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const Timestamp t{static_cast<std::int64_t>(random() % 8'000'000'000'000'000)};  // up to the year 2223
    EXPECT_EQ(parse_time(to_iso(t), now)->micros, t.micros);
    EXPECT_EQ(parse_time(to_postgres(t), now)->micros, t.micros);
    EXPECT_EQ(parse_compact(to_compact(t))->micros, t.micros / 1'000'000 * 1'000'000);
  }
}

TEST(ParseCompact, TakesItsOneForm) {
  EXPECT_EQ(*parse_compact("20261122T143000Z"), now);
  for (const char* text :
       {"", "20261122T143000", "20261122T143000Zx", "20261122 143000Z", "2026-11-22T14:30:00Z", "20261322T143000Z",
        "20261122T143060Z", "20260229T000000Z", "20261122T243000Z", "2026112xT143000Z"}) {
    const auto result = parse_compact(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().kind(), ErrorKind::integrity);
  }
  EXPECT_STREQ(parse_compact("x").error().what(), "\"x\" is not a time of the form 20261122T143000Z");
}

TEST(ParseCompact, SortsAsText) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 1000; ++i) {
    const Timestamp a{static_cast<std::int64_t>(random() % 8'000'000'000) * 1'000'000};
    const Timestamp b{static_cast<std::int64_t>(random() % 8'000'000'000) * 1'000'000};
    EXPECT_EQ(a < b, to_compact(a) < to_compact(b));
  }
}

TEST(Timestamp, Arithmetic) {
  using namespace std::chrono_literals;
  EXPECT_EQ((now + 1s) - now, 1s);
  EXPECT_EQ((now - 1h) + 1h, now);
  EXPECT_LT(now, now + 1us);
}

}  // namespace
}  // namespace owl
