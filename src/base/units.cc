#include "base/units.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/text.h"

namespace owl {
namespace {

struct Quantity {
  double amount;
  std::string unit;  ///< lower case
};

std::optional<Quantity> split_quantity(std::string_view text) {
  text = trim(text);
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc{} || amount < 0 || !std::isfinite(amount)) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  return Quantity{amount, to_lower(trim(unit))};
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array names{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < KiB) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t i = 0;
  while (value >= 1023.95 && i + 1 < names.size()) {
    value /= 1024;
    ++i;
  }
  return fmt::format("{:.1f} {}", value, names[i]);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{} d {:02} h", whole / 86400, whole % 86400 / 3600);
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 14> units{{
      {"", 1},
      {"b", 1},
      {"k", 1024},
      {"kib", 1024},
      {"kb", 1e3},
      {"m", 1024.0 * 1024},
      {"mib", 1024.0 * 1024},
      {"mb", 1e6},
      {"g", 1024.0 * 1024 * 1024},
      {"gib", 1024.0 * 1024 * 1024},
      {"gb", 1e9},
      {"t", 1024.0 * 1024 * 1024 * 1024},
      {"tib", 1024.0 * 1024 * 1024 * 1024},
      {"tb", 1e12},
  }};
  if (const auto quantity = split_quantity(text)) {
    for (const auto& [name, factor] : units) {
      if (name == quantity->unit && quantity->amount * factor < 9e18) {
        return static_cast<std::uint64_t>(quantity->amount * factor);
      }
    }
  }
  return tl::unexpected(Error(ErrorKind::config, fmt::format("\"{}\" is not a size", text))
                            .with_hint("Write a number with B, KiB, MiB, GiB, TiB, kB, MB, GB or TB: 64MiB."));
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 9> units{{
      {"", 1e3},
      {"ms", 1},
      {"s", 1e3},
      {"m", 6e4},
      {"min", 6e4},
      {"h", 3.6e6},
      {"d", 8.64e7},
      {"w", 6.048e8},
      {"sec", 1e3},
  }};
  if (const auto quantity = split_quantity(text)) {
    for (const auto& [name, factor] : units) {
      if (name == quantity->unit && quantity->amount * factor < 9e15) {
        return std::chrono::milliseconds(static_cast<std::int64_t>(quantity->amount * factor));
      }
    }
  }
  return tl::unexpected(Error(ErrorKind::config, fmt::format("\"{}\" is not a duration", text))
                            .with_hint("Write a number with ms, s, min, h, d or w: 90s, 4h, 7d."));
}

}  // namespace owl
