#include "app/output.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "app/progress_text.h"
#include "os/file_descriptor.h"
#include "os/system.h"

namespace owl::app {
namespace {

using codec::Json;

constexpr std::chrono::milliseconds redraw{200};
constexpr std::chrono::seconds line_every{10};

}  // namespace

/// Draws progress on a terminal, a line now and then elsewhere, or JSON events; from a thread of its own, so that
/// engines only add to a counter.
class Output::Listener final : public Monitor {
 public:
  Listener(OutputOptions options, Clock& clock)
      : options_(options), clock_(clock), terminal_(::isatty(STDERR_FILENO) == 1) {
    if (options_.progress) {
      painter_ = std::jthread([this](std::stop_token stop) {
        while (clock_.sleep(redraw, stop)) paint();
      });
    }
  }
  ~Listener() override {
    if (painter_.joinable()) {
      painter_.request_stop();
      painter_.join();
    }
    clear();
  }

  void phase(std::string_view name, std::uint64_t total, std::string_view unit) override {
    const std::lock_guard lock(mutex_);
    finish_phase();
    phase_ = name;
    unit_ = unit;
    total_ = total;
    done_ = 0;
    begin_ = last_line_ = clock_.monotonic();
    if (streaming_) event("phase", Json().set("phase", name).set("total", total));
  }
  void total(std::uint64_t value) override { total_ = value; }
  void advance(std::uint64_t amount) override { done_ += amount; }
  void warning(std::string message) override {
    const std::lock_guard lock(mutex_);
    ++warnings_;
    if (streaming_) return event("warning", Json().set("message", std::move(message)));
    print("warning: " + message);
  }
  void note(std::string message) override {
    const std::lock_guard lock(mutex_);
    if (streaming_) return event("note", Json().set("message", std::move(message)));
    if (!options_.quiet && !options_.json) print(message);
  }

  std::size_t warnings() const { return warnings_; }
  void stream_events() { streaming_ = options_.json; }
  void clear() {
    const std::lock_guard lock(mutex_);
    clear_line();
  }

 private:
  static void event(std::string_view type, Json body) {
    body.set("event", type);
    fmt::print("{}\n", body.dump());
    std::fflush(stdout);
  }

  void paint() {
    const std::lock_guard lock(mutex_);
    if (phase_.empty() || options_.json || options_.quiet) return;
    const auto now = clock_.monotonic();
    if (!terminal_ && now - last_line_ < line_every) return;
    last_line_ = now;
    const auto text = progress_text(phase_, done_, total_, unit_, std::chrono::duration<double>(now - begin_).count());
    if (!terminal_) return (void)fmt::print(stderr, "{}\n", text);
    fmt::print(stderr, "\r{}\033[K", text);
    std::fflush(stderr);
    drawn_ = true;
  }

  void finish_phase() {
    if (options_.verbose && !phase_.empty() && !options_.json) {
      const double seconds = std::chrono::duration<double>(clock_.monotonic() - begin_).count();
      print(progress_text(phase_, done_, 0, unit_, seconds));
    }
  }

  void print(const std::string& line) {
    clear_line();
    fmt::print(stderr, "{}\n", line);
  }
  void clear_line() {
    if (drawn_) fmt::print(stderr, "\r\033[K");
    drawn_ = false;
  }

  const OutputOptions options_;
  Clock& clock_;
  const bool terminal_;
  std::mutex mutex_;
  std::string phase_, unit_;
  std::atomic<std::uint64_t> total_{0}, done_{0};
  std::atomic<std::size_t> warnings_{0};
  std::chrono::nanoseconds begin_{}, last_line_{};
  bool drawn_ = false;
  std::atomic<bool> streaming_{false};
  std::jthread painter_;
};

Output::Output(OutputOptions options, Clock& clock)
    : options_(options), listener_(std::make_unique<Listener>(options, clock)) {}
Output::~Output() = default;

Monitor& Output::monitor() {
  return *listener_;
}
std::size_t Output::warnings() const {
  return listener_->warnings();
}
void Output::stream_events() {
  listener_->stream_events();
}
void Output::clear_progress() {
  listener_->clear();
}

void Output::say(std::string_view line) {
  if (options_.json || options_.quiet) return;
  listener_->clear();
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void Output::result(const Json& document) {
  if (!options_.json) return;
  fmt::print("{}\n", document.dump());
  std::fflush(stdout);
}

void Output::table(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
  if (options_.json) return;
  listener_->clear();
  fmt::print("{}", table_text(headings, rows));
  std::fflush(stdout);
}

void Output::error(const Error& error) {
  listener_->clear();
  if (options_.json) {
    Json body;
    body.set("kind", describe(error.kind()).name).set("message", error.what()).set("hint", error.hint());
    return result(Json().set("error", std::move(body)));
  }
  fmt::print(stderr, "owlbackup: {}\n", error.what());
  if (!error.hint().empty()) fmt::print(stderr, "  {}\n", error.hint());
}

Secret ask_passphrase(std::string_view prompt) {
  // Where a process has no terminal the name is there, and opening it fails with ENXIO.
  const os::FileDescriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  termios old{};
  if (!terminal.valid() || ::tcgetattr(terminal.get(), &old) != 0) {
    throw Error(ErrorKind::no_key, "a passphrase is needed and there is no terminal to ask on")
        .with_hint("Set [encryption] passphrase = \"file:PATH\" or OWLBACKUP_ENCRYPTION__PASSPHRASE.");
  }
  termios silent = old;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(terminal.get(), TCSAFLUSH, &silent);
  os::write_all(terminal, as_bytes(prompt), "terminal");
  std::string line;
  for (char c = 0; ::read(terminal.get(), &c, 1) == 1 && c != '\n';) line += c;
  ::tcsetattr(terminal.get(), TCSAFLUSH, &old);
  os::write_all(terminal, as_bytes("\n"), "terminal");
  return Secret(std::move(line));
}

}  // namespace owl::app
