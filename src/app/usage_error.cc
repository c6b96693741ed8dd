#include "app/usage_error.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/output.h"
#include "base/error.h"
#include "config/near.h"
#include "os/system.h"
#include "wal/fetcher.h"

namespace owl::app {
namespace {

constexpr std::string_view options_with_values[] = {"-c", "--config", "--env-file", "--store", "--color"};

/// The first word that stands where a command should; empty: there is none.
std::string_view command_in(std::span<char* const> arguments) {
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (!word.starts_with('-')) return word;
    if (std::ranges::find(options_with_values, word) != std::end(options_with_values)) ++i;
  }
  return {};
}

bool is_wal_fetch(std::span<char* const> arguments) {
  const auto wal = std::ranges::find(arguments, std::string_view("wal"));
  return wal != arguments.end() && wal + 1 != arguments.end() && *(wal + 1) == std::string_view("fetch");
}

std::string message_for(std::string_view command, std::string_view why, const std::vector<std::string>& known) {
  if (command.empty() || std::ranges::find(known, command) != known.end()) return std::string(why);
  for (const auto& name : known) {
    if (config::within_edits(command, name, 2)) {
      return fmt::format("there is no command \"{}\"; did you mean \"{}\"?", command, name);
    }
  }
  return fmt::format("there is no command \"{}\"", command);
}

}  // namespace

int report_usage_error(std::span<char* const> arguments, std::string_view why, const std::vector<std::string>& known) {
  const auto command = command_in(arguments);
  const bool is_known = std::ranges::find(known, command) != known.end();
  const auto help = is_known ? fmt::format("`owlbackup {} --help` shows what there is.", command)
                             : std::string("`owlbackup --help` shows what there is.");
  const auto error = Error(ErrorKind::usage, message_for(command, why, known)).with_hint(help);
  os::SystemClock clock;
  const bool json = std::ranges::find(arguments, std::string_view("--json")) != arguments.end();
  Output({.json = json}, clock).error(error);
  // PostgreSQL takes a restore_command's 2 for the end of the archive, and would open the cluster there.
  return is_wal_fetch(arguments) ? wal::fetch_exit_failed : error.exit_code();
}

}  // namespace owl::app
