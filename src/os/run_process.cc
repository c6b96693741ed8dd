#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/units.h"
#include "os/os_error.h"
#include "os/process.h"

namespace owl::os {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t errors_kept = 64 * KiB;
/// How much is taken from one stream before the deadline and the other stream get their turn. More than a pipe holds,
/// so that one turn after the child's end gets all that it left.
constexpr std::size_t most_at_once = 2 * MiB;

void make_nonblocking(const FileDescriptor& fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) < 0) throw_errno("prepare", "a pipe");
}

/// Reads what is there now, handing it to `take`. Closes the descriptor at its end.
template <typename Take>
void drain(FileDescriptor& fd, Take take) {
  std::array<std::uint8_t, 64 * KiB> buffer;
  for (std::size_t taken = 0; fd.valid() && taken < most_at_once;) {
    const ssize_t got = retry_eintr([&] { return ::read(fd.get(), buffer.data(), buffer.size()); });
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0) throw_errno("read", "the output of a child process");
    if (got == 0) fd.reset();
    taken += static_cast<std::size_t>(got);
    take(ByteView(buffer.data(), static_cast<std::size_t>(got)));
  }
}

/// The last bytes of an endless text.
class Tail {
 public:
  void add(ByteView bytes) {
    text_ += as_text(bytes);
    if (text_.size() > 2 * errors_kept) cut();
  }
  std::string take() {
    cut();
    return std::move(text_);
  }

 private:
  void cut() {
    if (text_.size() > errors_kept) text_.erase(0, text_.size() - errors_kept);
  }
  std::string text_;
};

/// Wakes a poll(2) when a stop is requested.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop) : event_(make_event()), link_(stop, Wake{event_.get()}) {}
  int fd() const { return event_.get(); }

 private:
  struct Wake {
    int event;
    void operator()() const { ::eventfd_write(event, 1); }
  };
  static int make_event() {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) throw_errno("make", "an event");
    return fd;
  }

  FileDescriptor event_;
  std::stop_callback<Wake> link_;
};

/// One child from its start to its end: feeds it, listens to both its outputs, watches the clock. All in one thread and
/// without blocking, so that no full pipe of one side can hold up the other.
class Conversation {
 public:
  Conversation(ProcessOptions options, ByteView input, std::size_t output_limit)
      : name_(options.argv.empty() ? std::string() : options.argv.front()),
        child_(std::move(options), true, true, true),
        ended_(static_cast<int>(::syscall(SYS_pidfd_open, child_.pid(), 0))),
        input_(input),
        output_limit_(output_limit) {
    make_nonblocking(child_.standard_input());
    make_nonblocking(child_.standard_output());
    make_nonblocking(child_.standard_error());
  }

  ProcessResult run(milliseconds deadline, const std::stop_token& stop) {
    const StopEvent stop_event(stop);
    const auto start = steady_clock::now();
    while (true) {
      // Asked before the streams are read: what it wrote up to its end is in the pipes then.
      const auto exit_code = child_.poll();
      transfer();
      if (exit_code) return {*exit_code, std::move(output_), errors_.take()};
      if (stop.stop_requested()) throw failure(ErrorKind::cancelled, "was stopped on request");
      const auto left = deadline - std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
      if (left <= milliseconds(0)) throw failure(ErrorKind::timeout, late_message(deadline));
      wait_for_something(left, stop_event.fd());
    }
  }

 private:
  void transfer() {
    feed();
    drain(child_.standard_output(), [&](ByteView bytes) {
      append(output_, bytes);
      if (output_.size() > output_limit_) {
        throw failure(ErrorKind::process, fmt::format("printed more than {}", format_bytes(output_limit_)));
      }
    });
    drain(child_.standard_error(), [&](ByteView bytes) { errors_.add(bytes); });
  }

  void feed() {
    auto& fd = child_.standard_input();
    while (fd.valid() && !input_.empty()) {
      const ssize_t put = retry_eintr([&] { return ::write(fd.get(), input_.data(), input_.size()); });
      if (put < 0 && errno == EAGAIN) return;
      if (put < 0 && errno != EPIPE) throw_errno("write", "the input of a child process");
      if (put < 0) break;  // it doesn't want more: its own business, its exit code tells
      input_ = input_.subspan(static_cast<std::size_t>(put));
    }
    fd.reset();  // the end of its input
  }

  void wait_for_something(milliseconds time, int stop_event) {
    std::array<pollfd, 5> watched{{{child_.standard_input().get(), POLLOUT, 0},  // poll skips the number -1
                                   {child_.standard_output().get(), POLLIN, 0},
                                   {child_.standard_error().get(), POLLIN, 0},
                                   {ended_.get(), POLLIN, 0},
                                   {stop_event, POLLIN, 0}}};
    // Without a pidfd (old kernels, some sandboxes) nothing announces the child's end: look again soon.
    const milliseconds longest = ended_.valid() ? milliseconds(std::chrono::hours(1)) : milliseconds(20);
    if (::poll(watched.data(), watched.size(), static_cast<int>(std::min(time, longest).count())) < 0 &&
        errno != EINTR) {
      throw_errno("wait for", name_);
    }
  }

  static std::string late_message(milliseconds deadline) {
    return fmt::format("did not end within {} and was killed", format_duration(deadline));
  }

  /// Names the program only: its arguments may hold a secret. Its last words often tell why it hung.
  Error failure(ErrorKind kind, const std::string& what) {
    const std::string errors = errors_.take();
    const auto text = trim(errors);
    const auto last_line = text.substr(text.rfind('\n') + 1);
    if (last_line.empty()) return Error(kind, fmt::format("{} {}", name_, what));
    return Error(kind, fmt::format("{} {}; its last message: {}", name_, what, last_line));
  }

  std::string name_;
  ChildProcess child_;
  FileDescriptor ended_;  ///< a pidfd
  ByteView input_;
  std::size_t output_limit_;
  Bytes output_;
  Tail errors_;
};

}  // namespace

ProcessResult run_process(ProcessOptions options, ByteView input, milliseconds deadline, std::stop_token stop,
                          std::size_t output_limit) {
  return Conversation(std::move(options), input, output_limit).run(deadline, stop);
}

}  // namespace owl::os
