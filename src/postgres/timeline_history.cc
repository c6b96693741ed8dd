#include "postgres/timeline_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace owl::postgres {
namespace {

Error bad_line(std::string_view line, std::string_view why) {
  return Error(ErrorKind::integrity, fmt::format("timeline history line \"{}\": {}", line.substr(0, 80), why));
}

/// Cuts the next run of non-blanks off the front of `rest`.
std::string_view next_word(std::string_view& rest) {
  rest = trim(rest);
  const auto word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

Result<TimelineSwitch> parse_line(std::string_view line) {
  auto rest = line;
  const auto number = next_word(rest), position = next_word(rest);
  TimelineSwitch parsed;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), parsed.timeline);
  if (error != std::errc() || end != number.data() + number.size() || parsed.timeline == 0) {
    return tl::unexpected(bad_line(line, "does not begin with a timeline number"));
  }
  const auto lsn = parse_lsn(position);
  if (!lsn) return tl::unexpected(bad_line(line, "has no switch point"));
  parsed.switch_point = *lsn;
  parsed.reason = std::string(trim(rest));
  return parsed;
}

}  // namespace

Result<std::vector<TimelineSwitch>> parse_timeline_history(ByteView text) {
  std::vector<TimelineSwitch> switches;
  for (const auto raw_line : split(as_text(text), '\n')) {
    const auto line = trim(raw_line);
    if (line.empty() || line.front() == '#') continue;
    auto parsed = parse_line(line);
    if (!parsed) return tl::unexpected(parsed.error());
    if (!switches.empty() && parsed->timeline <= switches.back().timeline) {
      return tl::unexpected(bad_line(line, "timelines must ascend"));
    }
    switches.push_back(std::move(*parsed));
  }
  return switches;
}

TimelinePath::TimelinePath(TimelineId target, const std::vector<TimelineSwitch>& history) {
  for (const auto& parent : history) {
    if (parent.timeline >= target) {
      throw Error(ErrorKind::integrity, fmt::format("the history of timeline {} names timeline {}, which is not older",
                                                    target, parent.timeline));
    }
    append(parent.timeline, parent.switch_point);
  }
  append(target, {std::numeric_limits<std::uint64_t>::max()});
}

void TimelinePath::append(TimelineId timeline, Lsn end) {
  // Recovery to a point before its target timeline's own start leaves a history whose switch points descend
  // ("1 0/5000, 2 0/4000"): the later line wins, and of timeline 2 nothing is on the way.
  while (!stretches_.empty() && stretches_.back().begin >= end) stretches_.pop_back();
  if (!stretches_.empty()) stretches_.back().end = std::min(stretches_.back().end, end);
  const Lsn begin = stretches_.empty() ? Lsn{} : stretches_.back().end;
  if (begin < end) stretches_.push_back({timeline, begin, end});
}

TimelineId TimelinePath::at(Lsn lsn) const {
  for (const auto& stretch : stretches_) {
    if (lsn < stretch.end) return stretch.timeline;
  }
  return target();
}

const TimelinePath::Stretch* TimelinePath::find(TimelineId timeline) const {
  for (const auto& stretch : stretches_) {
    if (stretch.timeline == timeline) return &stretch;
  }
  return nullptr;
}

}  // namespace owl::postgres
