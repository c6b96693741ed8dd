#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace owl {

/// Threads that don't outlive a scope. The first exception of any task wins: it requests a stop of all the others, and
/// `wait` throws it once all have ended. A stop of the parent token stops the group. `add` and `wait` belong to the
/// owning thread; the token is for all.
class TaskGroup {
 public:
  explicit TaskGroup(std::stop_token parent = {});
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();  ///< requests a stop and joins; what the tasks threw is dropped

  /// Starts a thread. `name` shows up in debuggers (15 letters). The task must end soon after its token asks it to.
  void add(std::string name, std::function<void(std::stop_token)> task);
  std::stop_token token() const { return source_.get_token(); }
  void request_stop() { source_.request_stop(); }
  void wait();

 private:
  void fail(std::exception_ptr error);

  std::stop_source source_;
  std::stop_callback<std::function<void()>> parent_link_;
  std::vector<std::jthread> threads_;
  std::mutex mutex_;
  std::exception_ptr first_error_;
};

/// Runs `task(i, stop)` for every i in [0, count) on at most `workers` threads. As TaskGroup for errors.
void parallel_for(std::size_t count, unsigned workers, std::stop_token stop,
                  const std::function<void(std::size_t, std::stop_token)>& task);

/// Throws Error(cancelled) if a stop was requested.
void throw_if_stopped(const std::stop_token& stop);

}  // namespace owl
