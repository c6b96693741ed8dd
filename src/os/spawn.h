#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "os/process.h"
#include "os/system.h"

namespace owl::os::detail {

/// Everything that a child needs between fork and exec, looked up and allocated beforehand: in the child of a process
/// with threads only async-signal-safe calls are allowed, because a lock may be held by a thread that is not there.
class SpawnPlan {
 public:
  /// Throws Error where it can be known already that the child won't start: no such program, no such account.
  explicit SpawnPlan(const ProcessOptions& options);
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  /// Forks and executes; returns the process id. `streams` become the child's 0, 1 and 2; -1: it keeps ours.
  int start(const std::array<int, 3>& streams) const;

 private:
  [[noreturn]] void run_child(const std::array<int, 3>& streams, int error_pipe) const;
  const char* become_program(const std::array<int, 3>& streams, int error_pipe) const;
  bool become_user() const;
  bool close_other_files(int error_pipe) const;

  ProcessOptions options_;
  std::string program_;
  std::vector<std::string> environment_;
  std::vector<char*> argv_, envp_;  ///< point into options_.argv and environment_
  std::optional<Account> account_;  ///< whom to become; nullopt: nobody else
  std::vector<gid_t> groups_;
};

struct Pipe {
  FileDescriptor reader, writer;
};
/// Both ends are O_CLOEXEC and above the standard streams, so that none is overwritten when the child arranges its own.
Pipe make_pipe();

}  // namespace owl::os::detail
