#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "repository/stores.h"
#include "storage/circuit_breaker.h"
#include "wal/archive_job.h"

namespace owl::wal {

struct LaneOptions {
  unsigned uploads = 4;      ///< at a time
  std::size_t backlog = 32;  ///< jobs that wait for a slow store before it is left behind
  storage::BreakerOptions breaker;
  /// Runs before the first request, and again after one failed for the store's sake: is it the repository still, or the
  /// empty folder of a file system that isn't mounted? Throws what stands in the way. Empty: nobody asks.
  std::function<void(repository::StoreSet::Member&)> check = {};
};

/// One store's own queue and threads, so that a store which is slow or dead stalls no other. Behind a circuit breaker:
/// while it is open, jobs are missed at once instead of waited for. What was missed is remembered by name, for
/// levelling.
class StoreLane {
 public:
  StoreLane(repository::StoreSet::Member member, const LaneOptions& options, Clock& clock, Monitor& monitor);
  ~StoreLane();  ///< what still waits is missed
  StoreLane(const StoreLane&) = delete;

  /// Never blocks.
  void add(std::shared_ptr<ArchiveJob> job);

  const std::string& name() const { return member_.name; }
  repository::StoreSet::Member& member() { return member_; }
  struct State {
    storage::CircuitBreaker::State breaker;
    std::size_t waiting = 0, missed = 0;
  };
  State state() const;

  /// Names of files that this store lacks as far as this process knows.
  std::vector<std::string> missed() const;
  void add_missed(const std::string& name);
  void no_longer_missed(const std::string& name);
  /// Runs what asks this store for something, if its circuit breaker lets it through, and tells the breaker how it
  /// went. False: it was not let through. Throws what `request` throws.
  bool through_breaker(const std::function<void()>& request);

 private:
  void work(const std::stop_token& stop);
  void store(ArchiveJob& job, const std::stop_token& stop);
  void miss(ArchiveJob& job, const std::string& name, const Error& error);

  repository::StoreSet::Member member_;
  const LaneOptions options_;
  Clock& clock_;
  Monitor& monitor_;
  storage::CircuitBreaker breaker_;
  std::atomic<bool> checked_ = false;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::shared_ptr<ArchiveJob>> queue_;
  std::set<std::string> missed_;
  std::vector<std::jthread> threads_;
};

}  // namespace owl::wal
