#include "storage/circuit_breaker.h"

#include <algorithm>
#include <utility>

namespace owl::storage {

bool CircuitBreaker::allows(std::chrono::nanoseconds now) {
  const std::lock_guard lock(mutex_);
  if (!state_.open) return true;
  if (trying_ || now < until_) return false;
  trying_ = true;
  return true;
}

void CircuitBreaker::succeeded() {
  const std::lock_guard lock(mutex_);
  state_ = {};
  trying_ = false;
  pause_ = {};
}

void CircuitBreaker::failed(std::chrono::nanoseconds now, std::string why) {
  const std::lock_guard lock(mutex_);
  trying_ = false;
  state_.last_error = std::move(why);
  if (++state_.failures < options_.failures) return;
  state_.open = true;
  pause_ = pause_.count() == 0 ? options_.first_pause : std::min(pause_ * 2, options_.longest_pause);
  until_ = now + pause_;
}

CircuitBreaker::State CircuitBreaker::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace owl::storage
