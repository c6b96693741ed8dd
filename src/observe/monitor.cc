#include "observe/monitor.h"

#include <mutex>

namespace owl {

struct RecordingMonitor::State {
  mutable std::mutex mutex;
  std::vector<std::string> warnings, notes;
  std::atomic<std::uint64_t> advanced = 0;
};

RecordingMonitor::RecordingMonitor() : state_(std::make_unique<State>()) {}
RecordingMonitor::~RecordingMonitor() = default;

void RecordingMonitor::phase(std::string_view, std::uint64_t, std::string_view) {}
void RecordingMonitor::total(std::uint64_t) {}

void RecordingMonitor::advance(std::uint64_t amount) {
  state_->advanced.fetch_add(amount, std::memory_order_relaxed);
}

void RecordingMonitor::warning(std::string message) {
  const std::lock_guard lock(state_->mutex);
  state_->warnings.push_back(std::move(message));
}

void RecordingMonitor::note(std::string message) {
  const std::lock_guard lock(state_->mutex);
  state_->notes.push_back(std::move(message));
}

std::vector<std::string> RecordingMonitor::warnings() const {
  const std::lock_guard lock(state_->mutex);
  return state_->warnings;
}

std::vector<std::string> RecordingMonitor::notes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->notes;
}

std::uint64_t RecordingMonitor::advanced() const {
  return state_->advanced.load(std::memory_order_relaxed);
}

}  // namespace owl
