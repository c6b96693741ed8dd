#include "cluster/recovery_settings.h"

#include <fmt/core.h>

#include "base/text.h"

namespace owl::cluster {

std::string quote_setting(std::string_view value) {
  std::string out = "'";
  for (char c : value) {
    if (c == '\'') out += '\'';
    if (c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string command_word(std::string_view word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+,:=@";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return std::string(word);
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '%')
      out += "%%";
    else
      out += c;
  }
  return out + "'";
}

namespace {

std::string target_line(const RestoreTarget& target) {
  using Kind = RestoreTarget::Kind;
  switch (target.kind) {
    case Kind::latest:
      return {};
    case Kind::immediate:
      return "recovery_target = 'immediate'\n";
    case Kind::time:
      return fmt::format("recovery_target_time = '{}'\n", to_postgres(target.time));
    case Kind::lsn:
      return fmt::format("recovery_target_lsn = '{}'\n", postgres::to_text(target.lsn));
    case Kind::xid:
      return fmt::format("recovery_target_xid = '{}'\n", target.xid);
    case Kind::name:
      return fmt::format("recovery_target_name = {}\n", quote_setting(target.name));
  }
  return {};
}

bool is_recovery_setting(std::string_view line) {
  line = trim(line);
  return line.starts_with("restore_command") || line.starts_with("recovery_target") ||
         line.starts_with("recovery_end_command");
}

}  // namespace

std::string to_text(const RestoreTarget& target) {
  using Kind = RestoreTarget::Kind;
  const auto side = target.exclusive ? "just before" : "up to and including";
  switch (target.kind) {
    case Kind::latest:
      return "the end of the archived WAL";
    case Kind::immediate:
      return "the first consistent moment";
    case Kind::time:
      return fmt::format("{} {}", side, to_postgres(target.time));
    case Kind::lsn:
      return fmt::format("{} LSN {}", side, postgres::to_text(target.lsn));
    case Kind::xid:
      return fmt::format("{} transaction {}", side, target.xid);
    case Kind::name:
      return fmt::format("restore point \"{}\"", target.name);
  }
  return {};
}

std::string recovery_settings(const RestoreTarget& target, postgres::TimelineId timeline,
                              const RecoveryCommands& commands) {
  using Kind = RestoreTarget::Kind;
  std::string out = "# Written by owlbackup restore; recovery.signal makes them count, once.\n";
  out += fmt::format("restore_command = {}\n", quote_setting(commands.restore));
  if (!commands.end.empty()) out += fmt::format("recovery_end_command = {}\n", quote_setting(commands.end));
  out += fmt::format("recovery_target_timeline = '{}'\n", timeline);
  out += target_line(target);
  if (target.kind == Kind::time || target.kind == Kind::lsn || target.kind == Kind::xid) {
    out += fmt::format("recovery_target_inclusive = '{}'\n", target.exclusive ? "off" : "on");
  }
  if (target.kind != Kind::latest) out += fmt::format("recovery_target_action = '{}'\n", target.action);
  return out;
}

std::string merge_auto_conf(std::string_view restored, std::string_view settings) {
  std::string out;
  for (auto line : split(restored, '\n')) {
    if (is_recovery_setting(line)) continue;
    out += line;
    out += '\n';
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out + std::string(settings);
}

}  // namespace owl::cluster
