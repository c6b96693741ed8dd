#include "concurrency/byte_budget.h"

#include <algorithm>

#include "concurrency/task_group.h"

namespace owl {

ByteBudget::Ticket& ByteBudget::Ticket::operator=(Ticket&& other) noexcept {
  if (this == &other) return *this;
  if (budget_ != nullptr) budget_->give_back(bytes_);
  budget_ = std::exchange(other.budget_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

ByteBudget::Ticket::~Ticket() {
  if (budget_ != nullptr) budget_->give_back(bytes_);
}

ByteBudget::Ticket ByteBudget::take(std::uint64_t bytes, std::stop_token stop) {
  bytes = std::min(bytes, total_);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return free_ >= bytes; });
  throw_if_stopped(stop);
  free_ -= bytes;
  peak_ = std::max(peak_, total_ - free_);
  return Ticket(this, bytes);
}

std::uint64_t ByteBudget::peak_bytes() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

void ByteBudget::give_back(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_ += bytes;
  changed_.notify_all();  // the waiters want different amounts: one alone may be the one that still can't
}

}  // namespace owl
