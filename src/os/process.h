#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "os/file_descriptor.h"

namespace owl::os {

/// How to start a child process. It inherits our environment and, of open files, nothing but the three standard streams
/// (where no pipe takes their place) and `pass_fds`. Its signals are as at login: none blocked, SIGPIPE not ignored.
struct ProcessOptions {
  std::vector<std::string> argv;  ///< argv[0] is searched in PATH unless it has a slash
  std::map<std::string, std::string> extra_env = {};
  std::filesystem::path working_folder = {};
  std::optional<std::string> user = {};  ///< run as this account (we must be root); never when unset.
                                         ///< HOME, USER and LOGNAME become that account's
  std::vector<int> pass_fds = {};        ///< kept open under the same numbers
  bool new_session = false;              ///< setsid: signals of our terminal do not reach it
};

struct ProcessResult {
  int exit_code = 0;   ///< 128 + signal when a signal ended it
  Bytes output;        ///< stdout
  std::string errors;  ///< stderr, the last 64 KiB
};

/// A child with pipes. The destructor kills (SIGTERM, 5 s, SIGKILL) and reaps what still runs. One owner, one thread.
/// A stderr that is piped must be read while the child runs, or the child stops when the pipe is full.
/// The first child makes the process ignore SIGPIPE: a write to a child that has gone fails with EPIPE instead.
class ChildProcess {
 public:
  /// Throws Error (process) on a program that can't be started, saying which step failed.
  explicit ChildProcess(ProcessOptions options, bool pipe_stdin = true, bool pipe_stdout = true,
                        bool pipe_stderr = false);
  ChildProcess(ChildProcess&&) noexcept;
  ~ChildProcess();

  int pid() const { return pid_; }
  FileDescriptor& standard_input() { return stdin_; }
  FileDescriptor& standard_output() { return stdout_; }
  FileDescriptor& standard_error() { return stderr_; }
  void signal(int number);
  std::optional<int> poll();  ///< the exit code if it has ended
  int wait();
  bool wait_for(std::chrono::milliseconds time);  ///< false: it still runs

 private:
  void terminate();

  int pid_ = -1;
  bool leads_session_ = false;
  std::optional<int> exit_code_;
  FileDescriptor stdin_, stdout_, stderr_;
};

/// Runs a program to its end with `input` on its stdin, collecting both outputs (stdout at most `output_limit` bytes).
/// Throws on a program that can't be started, on more output than that (process), on the deadline (ErrorKind::timeout,
/// child killed) and on stop (cancelled, child killed); a non-zero exit is in the result. Returns when the program
/// ends, even where it leaves a background process that holds its outputs open.
ProcessResult run_process(ProcessOptions options, ByteView input = {},
                          std::chrono::milliseconds deadline = std::chrono::minutes(2), std::stop_token stop = {},
                          std::size_t output_limit = 64u << 20);

/// The full path of a program in PATH, or nullopt.
std::optional<std::filesystem::path> find_program(std::string_view name);
/// Is there a living process of that id? A zombie counts as dead (state Z in /proc/PID/stat).
bool process_alive(int pid);

}  // namespace owl::os
