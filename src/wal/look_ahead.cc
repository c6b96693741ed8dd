#include "wal/look_ahead.h"

#include <algorithm>

#include "os/file.h"

namespace owl::wal {
namespace {

constexpr std::string_view ready_suffix = ".ready";

std::filesystem::path status_folder(const std::filesystem::path& data_directory) {
  return data_directory / "pg_wal" / "archive_status";
}

bool is_history(const std::string& name) {
  return name.ends_with(".history");
}

bool is_ready(const std::filesystem::path& data_directory, const std::string& name) {
  return os::status_of(status_folder(data_directory) / (name + std::string(ready_suffix))).has_value();
}

void begin(Archiver& archiver, const std::filesystem::path& data_directory, const std::string& name, Clock& clock) {
  try {
    auto source = open_wal_source(data_directory / "pg_wal" / name, data_directory, clock);
    if (!is_ready(data_directory, name)) return;  // it was recycled before it was opened
    archiver.begin(std::move(source), [data_directory, name] { return is_ready(data_directory, name); });
  } catch (const Error&) {
    // PostgreSQL will ask for it, and be told then.
  }
}

}  // namespace

std::optional<std::vector<std::string>> ready_files(const std::filesystem::path& data_directory) {
  const auto entries = os::list_folder(status_folder(data_directory));
  if (!entries) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& entry : *entries) {
    if (entry.name.ends_with(ready_suffix))
      names.push_back(entry.name.substr(0, entry.name.size() - ready_suffix.size()));
  }
  std::ranges::stable_sort(names, [](const auto& a, const auto& b) { return is_history(a) && !is_history(b); });
  return names;
}

void look_ahead(Archiver& archiver, const LookAheadOptions& options, Clock& clock, std::stop_token stop) {
  do {
    std::optional<std::vector<std::string>> names;
    try {
      names = ready_files(options.data_directory);
    } catch (const Error&) {
      continue;  // not readable for this account: files come through the socket then
    }
    if (!names) continue;
    archiver.keep_only(*names);
    if (names->size() > options.files) names->resize(options.files);
    for (const auto& name : *names) {
      if (stop.stop_requested()) return;
      if (!archiver.has_begun(name)) begin(archiver, options.data_directory, name, clock);
    }
  } while (clock.sleep(options.every, stop));
}

}  // namespace owl::wal
