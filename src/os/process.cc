#include "os/process.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/text.h"
#include "os/file.h"
#include "os/os_error.h"
#include "os/spawn.h"
#include "os/system.h"

namespace owl::os {
namespace {

constexpr std::chrono::seconds grace_before_kill{5};

void ignore_sigpipe() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction current {};
    ::sigaction(SIGPIPE, nullptr, &current);
    if (current.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
  });
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Hands one end of a new pipe to the child and keeps the other; where none is wanted the child keeps our stream.
struct StreamPipe {
  FileDescriptor ours, childs;
};
StreamPipe pipe_to_child(bool wanted) {
  if (!wanted) return {};
  auto pipe = detail::make_pipe();
  return {std::move(pipe.writer), std::move(pipe.reader)};
}
StreamPipe pipe_from_child(bool wanted) {
  if (!wanted) return {};
  auto pipe = detail::make_pipe();
  return {std::move(pipe.reader), std::move(pipe.writer)};
}

}  // namespace

ChildProcess::ChildProcess(ProcessOptions options, bool pipe_stdin, bool pipe_stdout, bool pipe_stderr)
    : leads_session_(options.new_session) {
  ignore_sigpipe();
  const detail::SpawnPlan plan(options);
  auto input = pipe_to_child(pipe_stdin), output = pipe_from_child(pipe_stdout), errors = pipe_from_child(pipe_stderr);
  pid_ = plan.start({input.childs.get(), output.childs.get(), errors.childs.get()});
  stdin_ = std::move(input.ours);
  stdout_ = std::move(output.ours);
  stderr_ = std::move(errors.ours);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      leads_session_(other.leads_session_),
      exit_code_(other.exit_code_),
      stdin_(std::move(other.stdin_)),
      stdout_(std::move(other.stdout_)),
      stderr_(std::move(other.stderr_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && !poll()) terminate();
}

void ChildProcess::terminate() {
  // First our ends of the pipes: a child that is stuck writing to one gets on to see the signal.
  stdin_.reset();
  stdout_.reset();
  stderr_.reset();
  signal(SIGTERM);
  if (wait_for(grace_before_kill)) return;
  ::kill(leads_session_ ? -pid_ : pid_, SIGKILL);
  wait();
}

void ChildProcess::signal(int number) {
  // Once it is reaped, the number may belong to a process of somebody else.
  if (pid_ > 0 && !exit_code_) ::kill(pid_, number);
}

std::optional<int> ChildProcess::poll() {
  int status = 0;
  // Without a process (moved away): waitpid(-1) would reap somebody else's child.
  if (pid_ > 0 && !exit_code_ && retry_eintr([&] { return ::waitpid(pid_, &status, WNOHANG); }) == pid_) {
    exit_code_ = exit_code_of(status);
  }
  return exit_code_;
}

int ChildProcess::wait() {
  OWL_CHECK(pid_ > 0, "waiting for a child process that was moved away");
  int status = 0;
  if (!exit_code_) {
    if (retry_eintr([&] { return ::waitpid(pid_, &status, 0); }) != pid_) throw_errno("wait for", "a child process");
    exit_code_ = exit_code_of(status);
  }
  return *exit_code_;
}

bool ChildProcess::wait_for(std::chrono::milliseconds time) {
  const auto start = std::chrono::steady_clock::now();
  while (!poll()) {
    if (std::chrono::steady_clock::now() - start >= time) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

namespace {

bool is_executable_file(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

/// The state letter of /proc/PID/stat, which stands after the name in parentheses; the name may hold any character.
char process_state(int pid) {
  const auto stat = read_file_if_exists("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return 'X';
  const auto text = as_text(*stat);
  const auto name_end = text.rfind(") ");
  return name_end == std::string_view::npos || name_end + 2 >= text.size() ? '?' : text[name_end + 2];
}

}  // namespace

std::optional<fs::path> find_program(std::string_view name) {
  if (name.empty()) return std::nullopt;
  if (name.find('/') != std::string_view::npos) {
    return is_executable_file(name) ? std::optional<fs::path>(name) : std::nullopt;
  }
  const auto path = environment("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (const auto folder : split(path, ':')) {
    if (folder.empty()) continue;  // would mean the current folder, where anybody may have put a program
    auto candidate = fs::path(folder) / name;
    if (is_executable_file(candidate)) return candidate;
  }
  return std::nullopt;
}

bool process_alive(int pid) {
  if (pid <= 0) return false;
  if (::kill(pid, 0) != 0 && errno == ESRCH) return false;
  try {
    const char state = process_state(pid);
    return state != 'Z' && state != 'X' && state != 'x';
  } catch (const Error& error) {
    if (error.errno_value() == ESRCH) return false;  // ended between opening the file and reading it
    throw;
  }
}

}  // namespace owl::os
