#include "wal/store_lane.h"

#include <fmt/core.h>

#include <utility>

namespace owl::wal {
namespace {

/// Does this tell of the store rather than of the file?
bool is_the_stores_fault(const Error& error) {
  return repository::is_store_failure(error.kind());
}

}  // namespace

StoreLane::StoreLane(repository::StoreSet::Member member, const LaneOptions& options, Clock& clock, Monitor& monitor)
    : member_(std::move(member)), options_(options), clock_(clock), monitor_(monitor), breaker_(options.breaker) {
  for (unsigned i = 0; i < options_.uploads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

StoreLane::~StoreLane() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
  for (auto& job : queue_) job->missed(member_.name, Error(ErrorKind::cancelled, "the WAL service ends"));
}

void StoreLane::add(std::shared_ptr<ArchiveJob> job) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < options_.backlog) {
      queue_.push_back(std::move(job));
      changed_.notify_one();
      return;
    }
  }
  const auto name = job->writer().file().name.text;
  miss(*job, name,
       Error(ErrorKind::timeout, fmt::format("store {} is {} files behind", member_.name, options_.backlog)));
}

void StoreLane::work(const std::stop_token& stop) {
  while (true) {
    std::shared_ptr<ArchiveJob> job;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return !queue_.empty(); }) || stop.stop_requested()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    store(*job, stop);
  }
}

bool StoreLane::through_breaker(const std::function<void()>& request) {
  if (!breaker_.allows(clock_.monotonic())) return false;
  try {
    if (options_.check && !checked_) options_.check(member_);
    checked_ = true;
    request();
  } catch (const Error& error) {
    if (is_the_stores_fault(error)) {
      checked_ = false;
      breaker_.failed(clock_.monotonic(), error.what());
    } else {
      breaker_.succeeded();  // it answers
    }
    throw;
  }
  breaker_.succeeded();
  return true;
}

void StoreLane::store(ArchiveJob& job, const std::stop_token& stop) {
  const auto name = job.writer().file().name.text;
  auto outcome = PushOutcome::already_stored;
  try {
    if (!through_breaker([&] { outcome = job.writer().write(member_, stop); })) {
      const auto state = breaker_.state();
      throw Error(ErrorKind::unreachable,
                  fmt::format("it failed {} times in a row and is given a rest: {}", state.failures, state.last_error));
    }
  } catch (const Error& error) {
    return miss(job, name, error);
  }
  no_longer_missed(name);
  job.stored(member_.name, outcome);
}

void StoreLane::miss(ArchiveJob& job, const std::string& name, const Error& error) {
  add_missed(name);
  monitor_.warning(fmt::format("store {}: {} is not there yet: {}", member_.name, name, error.what()));
  job.missed(member_.name, error);
}

StoreLane::State StoreLane::state() const {
  const std::lock_guard lock(mutex_);
  return {breaker_.state(), queue_.size(), missed_.size()};
}

std::vector<std::string> StoreLane::missed() const {
  const std::lock_guard lock(mutex_);
  return {missed_.begin(), missed_.end()};
}

void StoreLane::add_missed(const std::string& name) {
  const std::lock_guard lock(mutex_);
  missed_.insert(name);
}

void StoreLane::no_longer_missed(const std::string& name) {
  const std::lock_guard lock(mutex_);
  missed_.erase(name);
}

}  // namespace owl::wal
