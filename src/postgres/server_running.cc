#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "os/file.h"
#include "os/process.h"
#include "postgres/control_file.h"
#include "postgres/pid_file.h"
#include "postgres/words.h"

namespace owl::postgres {
namespace {

namespace fs = std::filesystem;

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
