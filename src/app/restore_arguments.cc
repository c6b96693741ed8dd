#include "app/restore_arguments.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>

namespace owl::app {
namespace {

using cluster::RestoreTarget;

/// "latest" is the newest that follows from the backup; a number is decimal, or hexadecimal with 0x, as PostgreSQL
/// takes it.
std::optional<postgres::TimelineId> timeline_of(std::string_view text) {
  if (text == "latest") return std::nullopt;
  const bool hexadecimal = text.starts_with("0x");
  const auto digits = hexadecimal ? text.substr(2) : text;
  postgres::TimelineId timeline = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), timeline, hexadecimal ? 16 : 10);
  if (error == std::errc{} && end == digits.data() + digits.size() && timeline > 0) return timeline;
  throw Error(ErrorKind::usage, fmt::format("--target-timeline {}: write a timeline's number, or latest", text));
}

postgres::Lsn lsn_of(std::string_view text) {
  if (const auto lsn = postgres::parse_lsn(text)) return *lsn;
  throw Error(ErrorKind::usage, fmt::format("--target-lsn {}: write a WAL position like 16/B374D848", text));
}

/// PostgreSQL heeds the action at a target only, and opens the cluster at the end of the WAL whatever was asked for.
void refuse_action_without_target(const RestoreTarget& target) {
  if (target.kind != RestoreTarget::Kind::latest || target.action == "promote") return;
  throw Error(ErrorKind::usage,
              fmt::format("--target-action {} needs a target: at the end of the archived WAL recovery "
                          "always opens the cluster",
                          target.action))
      .with_hint("Name a moment with --target-time, --target-lsn, --target-xid, --target-name or --immediate.");
}

}  // namespace

RestoreTarget target_of(const RestoreArguments& arguments, Timestamp now) {
  using Kind = RestoreTarget::Kind;
  RestoreTarget target;
  target.exclusive = arguments.exclusive;
  target.action = arguments.action;
  target.timeline = timeline_of(arguments.timeline);
  if (!arguments.time.empty()) {
    target.kind = Kind::time;
    target.time = value_or_throw(parse_time(arguments.time, now));
  } else if (!arguments.lsn.empty()) {
    target.kind = Kind::lsn;
    target.lsn = lsn_of(arguments.lsn);
  } else if (arguments.xid) {
    target.kind = Kind::xid;
    target.xid = *arguments.xid;
  } else if (!arguments.name.empty()) {
    target.kind = Kind::name;
    target.name = arguments.name;
  } else if (arguments.immediate) {
    target.kind = Kind::immediate;
  }
  refuse_action_without_target(target);
  return target;
}

std::map<std::string, std::filesystem::path> tablespace_map(const std::vector<std::string>& mappings) {
  std::map<std::string, std::filesystem::path> out;
  for (const auto& mapping : mappings) {
    const auto equals = mapping.find('=');
    if (equals == mapping.npos || equals == 0 || !mapping.substr(equals + 1).starts_with('/')) {
      throw Error(ErrorKind::usage, fmt::format("--tablespace-map {}: write OLD=NEW with an absolute NEW", mapping));
    }
    out[mapping.substr(0, equals)] = mapping.substr(equals + 1);
  }
  return out;
}

}  // namespace owl::app
