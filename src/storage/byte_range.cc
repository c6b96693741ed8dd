#include "storage/byte_range.h"

#include <fmt/core.h>

#include <limits>

#include "base/check.h"
#include "storage/number.h"

namespace owl::storage {
std::string to_range_header(const ByteRange& range) {
  OWL_CHECK(range.length > 0, "an empty range can't be asked for");
  if (!range.offset) return fmt::format("bytes=-{}", range.length);
  const auto most = std::numeric_limits<std::uint64_t>::max() - *range.offset;
  return fmt::format("bytes={}-{}", *range.offset, *range.offset + std::min(range.length - 1, most));
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view unit = "bytes ";
  const auto dash = text.find('-'), slash = text.find('/');
  if (!text.starts_with(unit) || dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = parse_number(text.substr(unit.size(), dash - unit.size()));
  const auto last = parse_number(text.substr(dash + 1, slash - dash - 1));
  const auto size = text.substr(slash + 1);
  if (!first || !last || *last < *first) return std::nullopt;
  if (size == "*") return ContentRange{*first, *last, std::nullopt};
  const auto total = parse_number(size);
  if (!total || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

}  // namespace owl::storage
