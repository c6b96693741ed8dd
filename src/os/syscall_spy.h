#pragma once

#include <string>
#include <vector>

/// For unit tests only: the test program defines write, fsync, linkat and their like itself, so that a test can see
/// their order, make one of them fail, or end the process at one.
namespace owl::os::test {

/// From its construction to its destruction the calls of this thread are recorded. One at a time.
class SyscallSpy {
 public:
  SyscallSpy();
  SyscallSpy(const SyscallSpy&) = delete;
  SyscallSpy& operator=(const SyscallSpy&) = delete;
  ~SyscallSpy();

  /// Every call of that name fails from now on, without being made.
  void fail(const std::string& name, int error);
  /// The process ends (exit code 77) before the call of that number, counted from 0.
  void die_before(std::size_t call);
  /// What was called: write, fsync file, fsync folder, syncfs, linkat, unlinkat, renameat, renameat2.
  const std::vector<std::string>& calls() const { return calls_; }

  /// Notes one call. Returns the errno to fail with, or 0: make the call.
  int note(const std::string& name);

 private:
  std::vector<std::string> calls_;
  std::vector<std::pair<std::string, int>> failures_;
  std::size_t die_before_ = static_cast<std::size_t>(-1);
};

}  // namespace owl::os::test
