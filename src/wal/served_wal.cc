#include "wal/served_wal.h"

#include <fmt/core.h>

#include <bit>
#include <charconv>
#include <limits>
#include <optional>

namespace owl::wal {
namespace {

using codec::Json;

bool is_segment_size(std::uint64_t size) {
  return std::has_single_bit(size) && size >= 1u << 20 && size <= 1u << 30;
}

std::optional<postgres::TimelineSwitch> switch_from(const Json& row, postgres::TimelineId target) {
  const auto timeline = timeline_in(row["timeline"]);
  const auto lsn = postgres::parse_lsn(row["switch"].text_or(""));
  if (!timeline || *timeline >= target || !lsn) return std::nullopt;
  return postgres::TimelineSwitch{*timeline, *lsn, ""};
}

}  // namespace

std::optional<std::uint64_t> number_in_text(const Json& json) {
  const auto* const text = json.as_string();
  if (text == nullptr) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<postgres::TimelineId> timeline_in(const Json& json) {
  const auto value = json.unsigned_or(0);
  if (value == 0 || value > std::numeric_limits<postgres::TimelineId>::max()) return std::nullopt;
  return static_cast<postgres::TimelineId>(value);
}

void put_served_wal(Json& object, const ServedWal& served) {
  Json history = Json::array();
  for (const auto& entry : served.history) {
    history.push(Json().set("timeline", entry.timeline).set("switch", postgres::to_text(entry.switch_point)));
  }
  object.set("system_id", std::to_string(served.system_id)).set("segment_size", served.segment_size);
  object.set("target_timeline", served.target_timeline).set("history", std::move(history));
}

Result<ServedWal> get_served_wal(const Json& object, std::string_view what) {
  const auto system_id = number_in_text(object["system_id"]);
  const auto segment_size = object["segment_size"].unsigned_or(0);
  const auto target = timeline_in(object["target_timeline"]);
  const auto* const history = object["history"].as_array();
  if (!system_id) return bad_format(fmt::format("{} without a system id", what));
  if (!is_segment_size(segment_size)) return bad_format(fmt::format("{} without a WAL segment size", what));
  if (!target) return bad_format(fmt::format("{} without a target timeline", what));
  if (history == nullptr) return bad_format(fmt::format("{} without a timeline history", what));
  ServedWal served{*system_id, static_cast<std::uint32_t>(segment_size), *target, {}};
  for (const auto& row : *history) {
    auto parent = switch_from(row, *target);
    if (!parent) return bad_format(fmt::format("{} with a timeline history that makes no sense", what));
    served.history.push_back(std::move(*parent));
  }
  return served;
}

}  // namespace owl::wal
