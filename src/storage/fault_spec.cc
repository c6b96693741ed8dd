#include <fmt/core.h>

#include "base/text.h"
#include "base/units.h"
#include "storage/fault.h"
#include "storage/number.h"

namespace owl::storage {
namespace {

using Action = FaultSpec::Action;

constexpr std::pair<std::string_view, Action> actions[] = {
    {"kill", Action::kill_before}, {"kill+", Action::kill_after}, {"fail", Action::fail},     {"cut", Action::cut},
    {"late", Action::late},        {"lie", Action::lie},          {"short", Action::shorten}, {"slow", Action::slow}};

std::optional<ErrorKind> kind_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::internal); ++i) {
    if (describe(static_cast<ErrorKind>(i)).name == name) return static_cast<ErrorKind>(i);
  }
  return std::nullopt;
}

std::optional<Action> action_named(std::string_view name) {
  for (const auto& [known, action] : actions) {
    if (known == name) return action;
  }
  return std::nullopt;
}

/// "@17", "@backups/", "%10", or nothing.
bool take_when(std::string_view when, FaultSpec::Item& item) {
  if (when.empty()) return item.action == Action::slow;
  if (when.front() == '@' && when.size() > 2 && when.ends_with('/')) {
    item.put_prefix = when.substr(1);
    return true;
  }
  const auto value = parse_number(when.substr(1));
  if (!value) return false;
  if (when.front() == '@') {
    item.number = *value;
    return *value > 0;
  }
  item.percent = static_cast<unsigned>(*value);
  return *value <= 100;
}

bool take_argument(std::string_view argument, FaultSpec::Item& item) {
  if (item.action == Action::fail) {
    const auto kind = kind_named(argument);
    if (kind) item.kind = *kind;
    return kind.has_value();
  }
  if (item.action != Action::slow) return argument.empty();
  const bool in_ms = argument.ends_with("ms");
  const auto count = in_ms ? parse_number(argument.substr(0, argument.size() - 2)) : std::nullopt;
  const auto delay = in_ms ? Result<std::chrono::milliseconds>(count.value_or(0)) : parse_duration(argument);
  if (delay) item.delay = *delay;
  return delay.has_value() && (!in_ms || count);
}

std::optional<FaultSpec::Item> parse_item(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  const auto head = text.substr(0, colon);
  const auto when = std::min(head.find_first_of("@%"), head.size());
  const auto action = action_named(head.substr(0, when));
  if (!action) return std::nullopt;
  FaultSpec::Item item{.action = *action};
  const auto argument = text.substr(std::min(colon + 1, text.size()));
  if (!take_when(head.substr(when), item) || !take_argument(argument, item)) return std::nullopt;
  return item;
}

bool take(std::string_view text, FaultSpec& spec) {
  constexpr std::string_view seed = "seed=", count = "count=";
  if (text.starts_with(count)) {
    spec.count_path = text.substr(count.size());
    return !spec.count_path.empty();
  }
  if (text.starts_with(seed)) {
    const auto value = parse_number(text.substr(seed.size()));
    if (value) spec.seed = *value;
    return value.has_value();
  }
  auto item = parse_item(text);
  if (item) spec.items.push_back(*item);
  return item.has_value();
}

}  // namespace

Result<FaultSpec> parse_fault_spec(std::string_view text) {
  FaultSpec spec;
  if (trim(text).empty()) return spec;
  for (const auto part : split(text, ',')) {
    if (!take(trim(part), spec)) {
      return tl::unexpected(
          Error(ErrorKind::config, fmt::format("\"{}\" is no fault", trim(part)))
              .with_hint("Faults are written as in kill@17, fail@5:transient, slow:50ms; see fault.h."));
    }
  }
  return spec;
}

}  // namespace owl::storage
