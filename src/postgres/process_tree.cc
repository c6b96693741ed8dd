#include "postgres/process_tree.h"

#include <fmt/format.h>
#include <signal.h>

#include <charconv>

#include "base/text.h"
#include "os/file.h"
#include "os/process.h"
#include "os/system.h"

namespace owl::postgres {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(20);

/// The whole text as a process id, or 0.
int to_pid(std::string_view text) {
  int pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  return error == std::errc() && end == text.data() + text.size() ? pid : 0;
}

/// The fourth field of /proc/PID/stat; the second, in brackets, may hold anything. 0: no such process.
int parent_of(int pid) {
  const auto stat = os::read_file_if_exists(fmt::format("/proc/{}/stat", pid));
  const auto text = stat ? as_text(*stat) : std::string_view();
  const auto bracket = text.rfind(')');
  if (bracket == std::string_view::npos) return 0;
  const auto fields = split(text.substr(bracket + 1), ' ');  // "", state, parent
  return fields.size() > 2 ? to_pid(fields[2]) : 0;
}

}  // namespace

std::vector<int> children_of(int pid) {
  std::vector<int> children;
  for (const auto& entry : os::list_folder("/proc").value_or(std::vector<os::FolderEntry>{})) {
    const int candidate = to_pid(entry.name);
    if (candidate > 0 && parent_of(candidate) == pid) children.push_back(candidate);
  }
  return children;
}

void wait_for_end(int pid, std::chrono::milliseconds deadline) {
  os::SystemClock clock;
  const auto end = clock.monotonic() + deadline;
  while (os::process_alive(pid)) {
    if (clock.monotonic() >= end) throw Error(ErrorKind::timeout, fmt::format("process {} does not end", pid));
    clock.sleep(poll_interval, {});
  }
}

void wait_for_reaping(int pid, std::chrono::milliseconds patience) {
  os::SystemClock clock;
  const auto end = clock.monotonic() + patience;
  while (::kill(pid, 0) == 0 && clock.monotonic() < end) clock.sleep(poll_interval, {});
}

}  // namespace owl::postgres
