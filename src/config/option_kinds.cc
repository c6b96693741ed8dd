#include "config/option_kinds.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>

#include "base/text.h"
#include "base/units.h"

namespace owl::config {
namespace {

/// Ties the field to a reader of values and to a printer of its default.
template <typename T, typename Read, typename Show>
Option make(std::string key, std::string type, Field<T> field, std::string help, Read read, Show show) {
  Settings fresh;
  return Option{.key = std::move(key),
                .type = std::move(type),
                .default_text = show(field(fresh, "NAME")),
                .help = std::move(help),
                .set = [field, read](Settings& settings, std::string_view name, const Value& value) {
                  auto parsed = read(value);
                  if (!parsed) return false;
                  field(settings, name) = T(std::move(*parsed));
                  return true;
                }};
}

std::optional<std::string> read_text(const Value& value) {
  if (!value.is_text()) return std::nullopt;
  return value.text;
}

/// Text, or a bare number, which TOML writes without quotes.
std::optional<std::string> read_text_or_number(const Value& value) {
  if (value.is_text() || value.kind == ValueKind::number || value.kind == ValueKind::real) return value.text;
  return std::nullopt;
}

std::optional<std::int64_t> read_number(const Value& value, Range range) {
  if (value.kind != ValueKind::number && value.kind != ValueKind::loose) return std::nullopt;
  const auto text = trim(value.text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < range.least || number > range.most) return std::nullopt;
  return number;
}

std::optional<bool> read_flag(const Value& value) {
  static constexpr std::array<std::string_view, 4> yes{"true", "yes", "on", "1"}, no{"false", "no", "off", "0"};
  if (value.kind != ValueKind::flag && value.kind != ValueKind::loose) return std::nullopt;
  const auto word = to_lower(trim(value.text));
  if (std::ranges::find(yes, word) != yes.end()) return true;
  if (std::ranges::find(no, word) != no.end()) return false;
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_list(const Value& value) {
  if (value.kind != ValueKind::list) return std::nullopt;
  return value.list;
}

std::string show_size(std::uint64_t bytes) {
  if (bytes >= MiB && bytes % MiB == 0) return fmt::format("{}MiB", bytes / MiB);
  return fmt::format("{}", bytes);
}

std::string show_duration(std::chrono::milliseconds value) {
  static constexpr std::array<std::pair<std::int64_t, std::string_view>, 3> units{
      {{3'600'000, "h"}, {60'000, "min"}, {1'000, "s"}}};
  for (const auto& [factor, unit] : units) {
    if (value.count() % factor == 0) return fmt::format("{}{}", value.count() / factor, unit);
  }
  return fmt::format("{}ms", value.count());
}

std::string not_absolute(const std::string& path) {
  if (path.empty() || path.front() == '/') return {};
  return "the path must be absolute";
}

/// Five fields of the characters that cron knows; what the fields mean is the calendar's to judge.
std::string not_cron(const std::string& text) {
  static constexpr std::string_view known = "0123456789*/,-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::size_t fields = 0;
  for (const auto field : split(text, ' ')) {
    if (field.find_first_not_of(known) != std::string_view::npos) return "that is not a cron expression";
    if (!field.empty()) ++fields;
  }
  if (fields == 5 || fields == 0) return {};
  return fmt::format("a cron expression has 5 fields, this has {}", fields);
}

template <typename T>
Option any_number(std::string key, Field<T> field, Range range, std::string help) {
  return make<T>(
      std::move(key), fmt::format("a whole number from {} to {}", range.least, range.most), std::move(field),
      std::move(help),
      [range](const Value& value) -> std::optional<T> {
        const auto read = read_number(value, range);
        return read ? std::optional<T>(static_cast<T>(*read)) : std::nullopt;
      },
      [](T value) { return fmt::format("{}", value); });
}

template <typename T>
Option any_path(std::string key, Field<T> field, std::string help) {
  return make<T>(std::move(key), "an absolute path", std::move(field), std::move(help), read_text,
                 [](const std::filesystem::path& path) { return path.native(); })
      .checked(not_absolute);
}

}  // namespace

Option text(std::string key, Field<std::string> field, std::string help) {
  return make<std::string>(std::move(key), "a text", std::move(field), std::move(help), read_text, std::identity{});
}

Option word(std::string key, Field<std::string> field, std::string help) {
  return make<std::string>(std::move(key), "a text", std::move(field), std::move(help), read_text_or_number,
                           std::identity{});
}

Option url(std::string key, Field<std::string> field, std::string help) {
  auto option =
      make<std::string>(std::move(key), "a URL", std::move(field), std::move(help), read_text, std::identity{});
  option.url = true;
  return option;
}

Option choice(std::string key, Field<std::string> field, std::vector<std::string> allowed, std::string help) {
  auto type = fmt::format("one of {}", fmt::join(allowed, ", "));
  const auto read = [allowed = std::move(allowed)](const Value& value) {
    auto word = read_text_or_number(value);
    if (word && std::ranges::find(allowed, *word) == allowed.end()) word.reset();
    return word;
  };
  return make<std::string>(std::move(key), std::move(type), std::move(field), std::move(help), read, std::identity{});
}

Option cron(std::string key, Field<std::string> field, std::string help) {
  return make<std::string>(std::move(key), "a cron expression", std::move(field), std::move(help), read_text,
                           std::identity{})
      .checked(not_cron)
      .hinted("Write minute, hour, day of the month, month and day of the week, in UTC: \"30 2 * * 1-5\".");
}

Option absolute_path(std::string key, Field<std::filesystem::path> field, std::string help) {
  return any_path(std::move(key), std::move(field), std::move(help));
}

Option absolute_path(std::string key, Field<std::string> field, std::string help) {
  return any_path(std::move(key), std::move(field), std::move(help));
}

Option flag(std::string key, Field<bool> field, std::string help) {
  return make<bool>(std::move(key), "true or false", std::move(field), std::move(help), read_flag,
                    [](bool value) { return std::string(value ? "true" : "false"); });
}

Option number(std::string key, Field<int> field, Range range, std::string help) {
  return any_number(std::move(key), std::move(field), range, std::move(help));
}

Option number(std::string key, Field<unsigned> field, Range range, std::string help) {
  return any_number(std::move(key), std::move(field), range, std::move(help));
}

Option size(std::string key, Field<std::uint64_t> field, std::uint64_t least, std::string help) {
  const auto read = [least](const Value& value) -> std::optional<std::uint64_t> {
    const auto text = read_text_or_number(value);
    if (!text || text->empty()) return std::nullopt;
    const auto bytes = parse_bytes(*text);
    return bytes && *bytes >= least ? std::optional(*bytes) : std::nullopt;
  };
  auto type = least == 0 ? std::string("a size") : fmt::format("a size of {} or more", show_size(least));
  return make<std::uint64_t>(std::move(key), std::move(type), std::move(field), std::move(help), read, show_size)
      .hinted("Write a number with B, KiB, MiB, GiB, TiB, kB, MB, GB or TB: 64MiB.");
}

Option duration(std::string key, Field<std::chrono::milliseconds> field, std::string help) {
  const auto read = [](const Value& value) -> std::optional<std::chrono::milliseconds> {
    const auto text = read_text_or_number(value);
    if (!text) return std::nullopt;
    const auto parsed = parse_duration(*text);
    return parsed && parsed->count() > 0 ? std::optional(*parsed) : std::nullopt;
  };
  return make<std::chrono::milliseconds>(std::move(key), "a duration", std::move(field), std::move(help), read,
                                         show_duration)
      .hinted("Write a number with ms, s, min, h, d or w: 90s, 4h, 7d.");
}

Option list(std::string key, Field<std::vector<std::string>> field, std::string help) {
  auto option = make<std::vector<std::string>>(
      std::move(key), "a list of texts", std::move(field), std::move(help), read_list,
      [](const std::vector<std::string>& items) { return fmt::format("{}", fmt::join(items, ", ")); });
  option.list = true;
  return option;
}

Option secret(std::string key, Field<Secret> field, std::string help) {
  auto option = make<Secret>(std::move(key), "a text", std::move(field), std::move(help), read_text,
                             [](const Secret&) { return std::string(); });
  option.secret = true;
  return option;
}

}  // namespace owl::config
