#include "base/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace owl {
namespace {

using namespace std::chrono_literals;

TEST(FormatBytes, Table) {
  const std::pair<std::uint64_t, const char*> cases[] = {
      {0, "0 B"},
      {812, "812 B"},
      {1023, "1023 B"},
      {KiB, "1.0 KiB"},
      {1536, "1.5 KiB"},
      {MiB - 1, "1.0 MiB"},
      {MiB, "1.0 MiB"},
      {5 * GiB + GiB / 5, "5.2 GiB"},
      {1024 * GiB, "1.0 TiB"},
      {1024 * 1024 * GiB, "1.0 PiB"},
      {std::numeric_limits<std::uint64_t>::max(), "16384.0 PiB"},
  };
  for (const auto& [bytes, text] : cases) EXPECT_EQ(format_bytes(bytes), text) << bytes;
}

TEST(FormatDuration, Table) {
  const std::pair<std::chrono::nanoseconds, const char*> cases[] = {
      {0ns, "0 ms"},          {850ms, "850 ms"},     {999ms, "999 ms"},        {999'700us, "1.0 s"},
      {3200ms, "3.2 s"},      {59'940ms, "59.9 s"},  {59'960ms, "1 min 00 s"}, {125s, "2 min 05 s"},
      {3599s, "59 min 59 s"}, {3600s, "1 h 00 min"}, {200min, "3 h 20 min"},   {24h, "1 d 00 h"},
      {98h, "4 d 02 h"},
  };
  for (const auto& [duration, text] : cases) EXPECT_EQ(format_duration(duration), text) << duration.count();
}

TEST(ParseBytes, Table) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"0", 0},
      {"812", 812},
      {"812B", 812},
      {"64MiB", 64 * MiB},
      {"64 mib", 64 * MiB},
      {"200k", 200 * KiB},
      {"200K", 200 * KiB},
      {"200kB", 200'000},
      {"1.5 GB", 1'500'000'000},
      {"0.5KiB", 512},
      {"2g", 2 * GiB},
      {"1TiB", 1024 * GiB},
      {"1tb", 1'000'000'000'000},
      {"  7 MB ", 7'000'000},
  };
  for (const auto& [text, bytes] : cases) {
    const auto result = parse_bytes(text);
    ASSERT_TRUE(result) << text;
    EXPECT_EQ(*result, bytes) << text;
  }
}

TEST(ParseBytes, RefusesTheRest) {
  for (const char* text : {"", " ", "MiB", "-1", "1.5.5", "64 furlongs", "64 MiB x", "1e30", "nan", "inf", "0x10",
                           "99999999TiB", "64,5MB", "+5"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
  const auto error = parse_bytes("many").error();
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_STREQ(error.what(), "\"many\" is not a size");
  EXPECT_EQ(error.hint(), "Write a number with B, KiB, MiB, GiB, TiB, kB, MB, GB or TB: 64MiB.");
}

TEST(ParseDuration, Table) {
  const std::pair<const char*, std::chrono::milliseconds> cases[] = {
      {"90", 90s},  {"90s", 90s}, {"5min", 5min},   {"5m", 5min},     {"4h", 4h},
      {"7d", 168h}, {"2w", 336h}, {"250ms", 250ms}, {"1.5 h", 90min}, {" 10 SEC ", 10s},
  };
  for (const auto& [text, duration] : cases) {
    const auto result = parse_duration(text);
    ASSERT_TRUE(result) << text;
    EXPECT_EQ(*result, duration) << text;
  }
}

TEST(ParseDuration, RefusesTheRest) {
  for (const char* text : {"", "min", "-5min", "5 years", "5min 3s", "1e20d", "nan"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  const auto error = parse_duration("soon").error();
  EXPECT_STREQ(error.what(), "\"soon\" is not a duration");
  EXPECT_EQ(error.hint(), "Write a number with ms, s, min, h, d or w: 90s, 4h, 7d.");
}

}  // namespace
}  // namespace owl
