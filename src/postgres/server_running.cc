#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "os/file.h"
#include "os/process.h"
#include "postgres/control_file.h"

namespace owl::postgres {
namespace {

namespace fs = std::filesystem;

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  text = trim(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> found;
  for (const auto word : split(line, ' ')) {
    if (!trim(word).empty()) found.push_back(trim(word));
  }
  return found;
}

/// What of postmaster.pid (miscinit.c, pidfile.h) tells whether its writer still lives.
struct PidFile {
  std::int64_t pid = 0;
  std::int64_t started = 0;                      ///< seconds since 1970
  std::optional<std::int64_t> shared_memory_id;  ///< System V; there when the server had come that far
};

std::optional<PidFile> parse_pid_file(std::string_view text) {
  const auto lines = split(text, '\n');
  const auto pid = to_integer(lines[0]);
  if (!pid || *pid == 0 || std::abs(*pid) > std::numeric_limits<int>::max()) return std::nullopt;
  PidFile file;
  file.pid = *pid < 0 ? -*pid : *pid;  // negative: a stand-alone backend
  if (lines.size() > 2) file.started = to_integer(lines[2]).value_or(0);
  if (lines.size() > 6) {
    const auto key_and_id = words(lines[6]);
    if (key_and_id.size() == 2) file.shared_memory_id = to_integer(key_and_id[1]);
  }
  return file;
}

std::string proc_text(const fs::path& path) {
  const auto bytes = os::read_file_if_exists(path, 1 << 20);
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

/// Seconds since 1970 when the machine started; shifts when the wall clock is set.
std::optional<std::int64_t> boot_time() {
  const std::string text = proc_text("/proc/stat");
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("btime ")) return to_integer(line.substr(6));
  }
  return std::nullopt;
}

/// Seconds since 1970 when a process started.
std::optional<std::int64_t> start_time_of(std::int64_t pid) {
  constexpr std::size_t start_field = 19;  // the 22nd; the first two end with the command's closing bracket
  const std::string stat = proc_text("/proc/" + std::to_string(pid) + "/stat");
  const auto bracket = stat.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  const auto fields = words(std::string_view(stat).substr(bracket + 1));
  const auto ticks = fields.size() > start_field ? to_integer(fields[start_field]) : std::nullopt;
  const auto boot = boot_time();
  if (!ticks || !boot) return std::nullopt;
  return *boot + *ticks / ::sysconf(_SC_CLK_TCK);
}

/// Is that process a server on this directory? A postmaster works inside its data directory. Where the process is seen
/// to work elsewhere, it took over a dead server's number, unless it is older than the file: then the file was written
/// under other process numbers (a container), and the truth is not to be had. Where nothing is seen (another account's
/// process), only one that came clearly later than the file is told apart.
bool is_its_server(const PidFile& file, const fs::path& data_directory) {
  constexpr std::int64_t clock_slack_s = 300;
  std::error_code error;
  const auto folder = fs::read_symlink("/proc/" + std::to_string(file.pid) + "/cwd", error);
  const bool folder_seen = !error;
  if (folder_seen && fs::equivalent(folder, data_directory, error) && !error) return true;
  const auto started = start_time_of(file.pid);
  return !started || *started < file.started + (folder_seen ? 0 : clock_slack_s);
}

/// A killed postmaster's backends live on for a moment, and hold its shared memory: PostgreSQL refuses to start then.
bool shared_memory_in_use(std::int64_t id) {
  const std::string text = proc_text("/proc/sysvipc/shm");
  for (const auto line : split(text, '\n')) {
    const auto fields = words(line);  // key shmid perms size cpid lpid nattch …
    if (fields.size() > 6 && to_integer(fields[1]) == id) return to_integer(fields[6]).value_or(0) > 0;
  }
  return false;
}

}  // namespace

bool server_is_running(const fs::path& data_directory) {
  const auto bytes = os::read_file_if_exists(data_directory / "postmaster.pid", 64 << 10);
  const auto file = bytes ? parse_pid_file(as_text(*bytes)) : std::nullopt;
  if (!file) return false;
  if (os::process_alive(static_cast<int>(file->pid)) && is_its_server(*file, data_directory)) return true;
  return file->shared_memory_id && shared_memory_in_use(*file->shared_memory_id);
}

}  // namespace owl::postgres
