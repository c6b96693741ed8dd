#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <utility>

namespace owl {

/// One cap on memory for everything that buffers: take before allocating, give back by the ticket's destructor.
/// Thread-safe. A request larger than the whole budget is cut to it, so it waits until it is alone.
class ByteBudget {
 public:
  explicit ByteBudget(std::uint64_t total_bytes) : total_(total_bytes), free_(total_bytes) {}

  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket();

   private:
    friend ByteBudget;
    Ticket(ByteBudget* budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  /// Blocks until that much is free. Throws Error(cancelled) when `stop` is requested meanwhile.
  Ticket take(std::uint64_t bytes, std::stop_token stop = {});
  std::uint64_t peak_bytes() const;  ///< the most that was out at once

 private:
  void give_back(std::uint64_t bytes);

  const std::uint64_t total_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t free_, peak_ = 0;
};

}  // namespace owl
