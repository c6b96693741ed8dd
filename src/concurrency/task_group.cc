#include "concurrency/task_group.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/error.h"

namespace owl {
namespace {

void name_this_thread(const std::string& name) {
  static constexpr std::size_t longest = 15;  // the kernel's limit; a longer name would be refused
  ::pthread_setname_np(::pthread_self(), name.substr(0, longest).c_str());
}

}  // namespace

TaskGroup::TaskGroup(std::stop_token parent) : parent_link_(std::move(parent), [this] { source_.request_stop(); }) {}

TaskGroup::~TaskGroup() {
  source_.request_stop();
  threads_.clear();  // joins here, while the members that the tasks use still live
}

void TaskGroup::add(std::string name, std::function<void(std::stop_token)> task) {
  threads_.emplace_back([this, name = std::move(name), task = std::move(task)] {
    name_this_thread(name);
    try {
      task(token());
    } catch (...) {
      fail(std::current_exception());
    }
  });
}

void TaskGroup::fail(std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex_);
    if (!first_error_) first_error_ = std::move(error);
  }
  // Only now: what the others throw because of the stop must come second.
  source_.request_stop();
}

void TaskGroup::wait() {
  threads_.clear();
  if (auto error = std::exchange(first_error_, nullptr)) std::rethrow_exception(error);
}

void parallel_for(std::size_t count, unsigned workers, std::stop_token stop,
                  const std::function<void(std::size_t, std::stop_token)>& task) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&](const std::stop_token& token) {
    for (std::size_t i = next++; i < count; i = next++) {
      throw_if_stopped(token);  // an item that is left out must not look like one that is done
      task(i, token);
    }
  };
  const std::size_t threads = std::min<std::size_t>(std::max(workers, 1U), count);
  if (threads <= 1) return work(stop);
  TaskGroup group(std::move(stop));
  for (std::size_t i = 0; i < threads; ++i) group.add("worker-" + std::to_string(i), work);
  group.wait();
}

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::cancelled, "stopped on request");
}

}  // namespace owl
