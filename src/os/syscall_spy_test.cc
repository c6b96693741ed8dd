#include "os/syscall_spy.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace owl::os::test {
namespace {
thread_local SyscallSpy* active = nullptr;
}  // namespace

SyscallSpy::SyscallSpy() {
  active = this;
}
SyscallSpy::~SyscallSpy() {
  active = nullptr;
}

void SyscallSpy::fail(const std::string& name, int error) {
  failures_.emplace_back(name, error);
}
void SyscallSpy::die_before(std::size_t call) {
  die_before_ = call;
}

int SyscallSpy::note(const std::string& name) {
  if (calls_.size() == die_before_) ::_exit(77);
  calls_.push_back(name);
  for (const auto& [failing, error] : failures_) {
    if (failing == name) return error;
  }
  return 0;
}

namespace {

template <typename... Arguments>
long observed(const char* name, long number, Arguments... arguments) {
  if (const int error = active != nullptr ? active->note(name) : 0; error != 0) {
    errno = error;
    return -1;
  }
  return ::syscall(number, arguments...);
}

const char* fsync_name(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode) ? "fsync folder" : "fsync file";
}

}  // namespace
}  // namespace owl::os::test

// These stand before the C library's own for everything that is linked into this program.
extern "C" {

using owl::os::test::observed;

ssize_t write(int fd, const void* bytes, size_t size) {
  return observed("write", SYS_write, fd, bytes, size);
}
int fsync(int fd) {
  return static_cast<int>(observed(owl::os::test::fsync_name(fd), SYS_fsync, fd));
}
int syncfs(int fd) noexcept {
  return static_cast<int>(observed("syncfs", SYS_syncfs, fd));
}
int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
  return static_cast<int>(observed("linkat", SYS_linkat, from_folder, from, to_folder, to, flags));
}
int unlinkat(int folder, const char* name, int flags) noexcept {
  return static_cast<int>(observed("unlinkat", SYS_unlinkat, folder, name, flags));
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  return static_cast<int>(observed("renameat", SYS_renameat2, from_folder, from, to_folder, to, 0U));
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  return static_cast<int>(observed("renameat2", SYS_renameat2, from_folder, from, to_folder, to, flags));
}
}
