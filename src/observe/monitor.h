#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace owl {

/// What an engine reports to. Engines never print, log or exit: the terminal, the log, the metrics and the history are
/// listeners of these events. Every function may be called from any thread; implementations don't block and don't
/// throw.
class Monitor {
 public:
  virtual ~Monitor() = default;
  /// A new phase of the work begins ("reading pages"); total 0: unknown. Bytes, or items where `unit` says so.
  virtual void phase(std::string_view name, std::uint64_t total, std::string_view unit = "bytes") = 0;
  /// The total of the running phase became known or changed.
  virtual void total(std::uint64_t value) = 0;
  /// That much more of the running phase is done. Called often: must be cheap (an atomic add).
  virtual void advance(std::uint64_t amount) = 0;
  /// Something is not as it should be, but the work goes on; the run ends with exit code 3.
  virtual void warning(std::string message) = 0;
  /// A fact worth a line ("backup 20261122T… picked: the newest that fits").
  virtual void note(std::string message) = 0;
};

/// Drops all of it.
class SilentMonitor final : public Monitor {
 public:
  void phase(std::string_view, std::uint64_t, std::string_view) override {}
  void total(std::uint64_t) override {}
  void advance(std::uint64_t) override {}
  void warning(std::string) override {}
  void note(std::string) override {}
};

/// Keeps warnings and notes, for tests and for the result of a run. Thread-safe.
class RecordingMonitor final : public Monitor {
 public:
  RecordingMonitor();
  ~RecordingMonitor() override;
  void phase(std::string_view name, std::uint64_t total, std::string_view unit) override;
  void total(std::uint64_t value) override;
  void advance(std::uint64_t amount) override;
  void warning(std::string message) override;
  void note(std::string message) override;

  std::vector<std::string> warnings() const;
  std::vector<std::string> notes() const;
  std::uint64_t advanced() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl
