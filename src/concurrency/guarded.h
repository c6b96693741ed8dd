#pragma once

#include <mutex>
#include <utility>

namespace owl {

/// Data that can be reached only through its lock:
///
///     Guarded<Index> index;
///     index.lock()->insert(…);
///
/// Thread-safe by construction. Don't keep the lock across a call that can block.
template <typename T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  class Lock {
   public:
    T* operator->() { return value_; }
    T& operator*() { return *value_; }
    std::unique_lock<std::mutex>& mutex() { return lock_; }  ///< for a condition variable

   private:
    friend Guarded;
    Lock(std::mutex& mutex, T& value) : lock_(mutex), value_(&value) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Lock lock() { return Lock(mutex_, value_); }

 private:
  std::mutex mutex_;
  T value_{};
};

}  // namespace owl
