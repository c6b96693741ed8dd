#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/text.h"
#include "repository/object_keys.h"

namespace owl::repository::keys {
namespace {

constexpr std::size_t timeline_digits = 8, folder_digits = 16, segment_digits = 24;
constexpr std::string_view history_ending = ".history";

bool is_upper_hex(std::string_view text) {
  return text.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

bool is_system_id(std::string_view text) {
  return !text.empty() && text.size() <= 20 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// 00000002.history
bool is_history(std::string_view name) {
  return name.size() == timeline_digits + history_ending.size() && name.ends_with(history_ending) &&
         is_upper_hex(name.substr(0, timeline_digits));
}

bool is_segment(std::string_view name) {
  return name.size() == segment_digits && is_upper_hex(name);
}

/// Do these name a stretch of one timeline?
bool is_stretch(std::string_view first, std::string_view last) {
  return is_segment(first) && is_segment(last) && first <= last &&
         first.substr(0, timeline_digits) == last.substr(0, timeline_digits);
}

/// A segment's name, or one that begins with it: 0000000100000000000000A7.partial, ….00000028.backup
bool is_segment_like(std::string_view name) {
  if (name.size() < segment_digits || !is_upper_hex(name.substr(0, segment_digits))) return false;
  const auto rest = name.substr(segment_digits);
  if (rest.empty() || rest == ".partial") return true;
  constexpr std::string_view backup = ".backup";
  return rest.size() == 1 + timeline_digits + backup.size() && rest.front() == '.' && rest.ends_with(backup) &&
         is_upper_hex(rest.substr(1, timeline_digits));
}

bool number_in_hex(std::string_view text, std::uint32_t& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size();
}

bool is_wal_file(std::string_view name) {
  return is_history(name) || is_segment_like(name);
}

std::string built(std::string_view system_id, std::string_view name, unsigned copy) {
  const auto folder = is_history(name) ? std::string() : fmt::format("{}/", name.substr(0, folder_digits));
  const auto ending = copy == 0 ? std::string() : fmt::format("~{}", copy);
  return fmt::format("wal/{}/{}/{}{}{}", system_id, name.substr(0, timeline_digits), folder, name, ending);
}

void require(bool fits, std::string_view text, std::string_view what) {
  if (!fits) throw Error(ErrorKind::usage, fmt::format("\"{}\" is {}", text, what));
}

std::optional<ParsedWalKey> parse_name(std::string_view system_id, std::string_view leaf) {
  const auto words = split(leaf, '~');
  ParsedWalKey parsed{std::string(system_id), std::string(words[0]), 0};
  if (words.size() > 2 || !is_system_id(system_id) || !is_wal_file(words[0])) return std::nullopt;
  if (words.size() == 2) {
    const auto* const end = words[1].data() + words[1].size();
    const auto result = std::from_chars(words[1].data(), end, parsed.copy);
    if (result.ec != std::errc{} || result.ptr != end || parsed.copy == 0) return std::nullopt;
  }
  return parsed;
}

}  // namespace

std::string wal_object(std::string_view system_id, std::string_view file_name, unsigned copy) {
  require(is_system_id(system_id), system_id, "no system identifier");
  require(is_wal_file(file_name), file_name, "no name of a WAL file");
  return built(system_id, file_name, copy);
}

std::string wal_system(std::string_view system_id) {
  require(is_system_id(system_id), system_id, "no system identifier");
  return fmt::format("wal/{}/", system_id);
}

std::string wal_timeline(std::string_view system_id, std::uint32_t timeline) {
  return fmt::format("{}{:08X}/", wal_system(system_id), timeline);
}

std::string wal_folder(std::string_view system_id, std::string_view segment_name) {
  require(is_segment_like(segment_name), segment_name, "no name of a WAL segment");
  return fmt::format("{}{}/{}/", wal_system(system_id), segment_name.substr(0, timeline_digits),
                     segment_name.substr(0, folder_digits));
}

std::string open_timeline(std::string_view system_id, std::uint32_t timeline) {
  require(is_system_id(system_id), system_id, "no system identifier");
  return fmt::format("wal-open/{}/{:08X}/", system_id, timeline);
}

std::string open_pieces(std::string_view system_id, std::string_view segment_name) {
  require(is_system_id(system_id), system_id, "no system identifier");
  require(is_segment(segment_name), segment_name, "no name of a WAL segment");
  return fmt::format("wal-open/{}/{}/{}/", system_id, segment_name.substr(0, timeline_digits), segment_name);
}

std::string open_piece(const OpenPieceKey& key) {
  return fmt::format("{}{:08X}-{:08X}-{}", open_pieces(key.system_id, key.segment_name), key.start, key.end,
                     to_hex(key.random));
}

std::optional<OpenPieceKey> parse_open_piece(std::string_view key) {
  const auto parts = split(key, '/');
  if (parts.size() != 5 || parts[0] != "wal-open" || !is_system_id(parts[1]) || !is_segment(parts[3])) {
    return std::nullopt;
  }
  const auto words = split(parts[4], '-');
  if (words.size() != 3) return std::nullopt;
  OpenPieceKey parsed{std::string(parts[1]), std::string(parts[3]), 0, 0, {}};
  const auto random = from_hex(words[2]);
  if (!number_in_hex(words[0], parsed.start) || !number_in_hex(words[1], parsed.end) || !random ||
      random->size() != parsed.random.size() || parsed.start >= parsed.end) {
    return std::nullopt;
  }
  std::ranges::copy(*random, parsed.random.begin());
  if (open_piece(parsed) != key) return std::nullopt;  // another timeline's folder, other letters
  return parsed;
}

std::optional<ParsedWalKey> parse_wal_object(std::string_view key) {
  const auto parts = split(key, '/');
  if (parts.size() < 4 || parts.size() > 5 || parts[0] != "wal") return std::nullopt;
  auto parsed = parse_name(parts[1], parts.back());
  if (!parsed || built(parsed->system_id, parsed->file_name, parsed->copy) != key) return std::nullopt;
  return parsed;
}

std::string wal_gap(std::string_view system_id, std::string_view first, std::string_view last) {
  require(is_stretch(first, last), fmt::format("{}-{}", first, last), "no stretch of WAL segments of one timeline");
  return fmt::format("{}{}-{}", wal_gaps(system_id), first, last);
}

std::string wal_gaps(std::string_view system_id) {
  require(is_system_id(system_id), system_id, "no system identifier");
  return fmt::format("wal-gaps/{}/", system_id);
}

std::optional<ParsedWalGapKey> parse_wal_gap(std::string_view key) {
  const auto parts = split(key, '/');
  if (parts.size() != 3 || parts[0] != "wal-gaps" || !is_system_id(parts[1])) return std::nullopt;
  const auto names = split(parts[2], '-');
  if (names.size() != 2 || !is_stretch(names[0], names[1])) return std::nullopt;
  return ParsedWalGapKey{std::string(parts[1]), std::string(names[0]), std::string(names[1])};
}

}  // namespace owl::repository::keys
