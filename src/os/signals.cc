#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "base/check.h"
#include "os/file_descriptor.h"
#include "os/os_error.h"
#include "os/system.h"

namespace owl::os {
namespace {

// A signal handler can reach nothing but globals. request_stop takes a lock and runs callbacks, which a handler must
// not, so it only writes a byte into a pipe, and a thread at the other end requests the stop.
std::atomic<int> signal_pipe{-1};
std::atomic<int> signals_seen{0};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void owl_on_stop_signal(int) {
  const int saved_errno = errno;
  // In the handler and not in the thread: works even when every thread hangs.
  if (signals_seen.fetch_add(1) > 0) ::_exit(130);
  [[maybe_unused]] const auto written = ::write(signal_pipe.load(), "s", 1);
  errno = saved_errno;
}

constexpr int stop_signals[] = {SIGINT, SIGTERM};

}  // namespace

struct StopOnSignals::State {
  std::stop_source source;
  FileDescriptor reader, writer;
  struct sigaction previous[2]{};
  std::thread thread;

  void watch() {
    char byte = 0;
    if (retry_eintr([&] { return ::read(reader.get(), &byte, 1); }) == 1) source.request_stop();
  }
};

StopOnSignals::StopOnSignals() : state_(std::make_unique<State>()) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("make", "a pipe for signals");
  state_->reader = FileDescriptor(ends[0]);
  state_->writer = FileDescriptor(ends[1]);
  OWL_CHECK(signal_pipe.exchange(ends[1]) == -1, "a second StopOnSignals at the same time");
  signals_seen = 0;
  state_->thread = std::thread([state = state_.get()] { state->watch(); });
  struct sigaction action {};
  action.sa_handler = owl_on_stop_signal;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < std::size(stop_signals); ++i) {
    ::sigaction(stop_signals[i], &action, &state_->previous[i]);
  }
}

StopOnSignals::~StopOnSignals() {
  for (std::size_t i = 0; i < std::size(stop_signals); ++i) {
    ::sigaction(stop_signals[i], &state_->previous[i], nullptr);
  }
  signal_pipe = -1;
  state_->writer.reset();  // the thread reads the end of the pipe
  state_->thread.join();
}

std::stop_token StopOnSignals::token() const {
  return state_->source.get_token();
}

}  // namespace owl::os
