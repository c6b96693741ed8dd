#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "base/text.h"
#include "os/file.h"
#include "os/process.h"
#include "postgres/server_process.h"

namespace owl::postgres {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> output_of(std::vector<std::string> argv) {
  try {
    const auto result = os::run_process({.argv = std::move(argv)}, {}, std::chrono::seconds(10));
    if (result.exit_code == 0) return std::string(trim(as_text(result.output)));
  } catch (const Error&) {
    // A program that can't be started is one that is not there.
  }
  return std::nullopt;
}

/// The major version that "postgres (PostgreSQL) 15.20 (Debian …)" tells, or 0.
int major_in(std::string_view version_text) {
  constexpr std::string_view mark = "(PostgreSQL) ";
  const auto found = version_text.find(mark);
  if (found == std::string_view::npos) return 0;
  const auto number = version_text.substr(found + mark.size());
  int major = 0;
  std::from_chars(number.data(), number.data() + number.size(), major);
  return major;
}

bool has_server(const fs::path& folder, int major) {
  if (folder.empty() || !os::status_of(folder / "postgres", true) || !os::status_of(folder / "initdb", true))
    return false;
  const auto version = output_of({(folder / "postgres").string(), "--version"});
  return version && major_in(*version) == major;
}

}  // namespace

std::optional<fs::path> find_server_programs(int major, const fs::path& given) {
  std::vector<fs::path> folders;
  if (!given.empty()) folders = {given, given / "bin"};
  if (const auto configured = os::find_program("pg_config")) {
    folders.emplace_back(output_of({configured->string(), "--bindir"}).value_or(""));
  }
  folders.emplace_back(fmt::format("/usr/lib/postgresql/{}/bin", major));
  folders.emplace_back(fmt::format("/usr/pgsql-{}/bin", major));
  folders.emplace_back(fmt::format("/opt/homebrew/opt/postgresql@{}/bin", major));
  for (const auto& folder : folders) {
    if (has_server(folder, major)) return folder;
  }
  return std::nullopt;
}

std::optional<fs::path> find_dump_programs(int major, const fs::path& server_programs) {
  constexpr int newest = 18;
  std::vector<fs::path> folders{server_programs};
  for (int version = newest; version >= major; --version) {
    folders.emplace_back(fmt::format("/usr/lib/postgresql/{}/bin", version));
    folders.emplace_back(fmt::format("/usr/pgsql-{}/bin", version));
  }
  for (const auto& folder : folders) {
    if (os::status_of(folder / "pg_dump", true) && os::status_of(folder / "pg_restore", true)) return folder;
  }
  return std::nullopt;
}

}  // namespace owl::postgres
