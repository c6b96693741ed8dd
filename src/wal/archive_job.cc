#include "wal/archive_job.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "concurrency/task_group.h"

namespace owl::wal {

void ArchiveJob::begin_storing(std::unique_ptr<WalWriter> writer, std::size_t stores) {
  const std::lock_guard lock(mutex_);
  result_.plain_bytes = writer->file().info.plain_size;
  result_.stored_bytes = writer->object_bytes();
  writer_ = std::move(writer);
  outstanding_ = stores;
  reading_ = false;
}

void ArchiveJob::stored(const std::string& store, PushOutcome outcome) {
  const std::lock_guard lock(mutex_);
  result_.stores.push_back(store);
  if (outcome == PushOutcome::stored) result_.outcome = PushOutcome::stored;
  store_answered();
}

void ArchiveJob::missed(const std::string& store, const Error& error) {
  const std::lock_guard lock(mutex_);
  result_.failed.push_back(store);
  const bool worse = failure_ && failure_->kind() != ErrorKind::conflict && error.kind() == ErrorKind::conflict;
  if (!failure_ || worse) failure_ = Error(error).with_context(fmt::format("archiving in store {}", store));
  store_answered();
}

void ArchiveJob::spooled() {
  const std::lock_guard lock(mutex_);
  spooled_ = true;
  changed_.notify_all();
}

void ArchiveJob::failed(const Error& error) {
  const std::lock_guard lock(mutex_);
  reading_ = false;
  failure_ = error;
  changed_.notify_all();
}

void ArchiveJob::store_answered() {
  if (--outstanding_ == 0) writer_.reset();  // its memory is wanted for the next
  changed_.notify_all();
}

ArchiveJob::State ArchiveJob::state() const {
  const std::lock_guard lock(mutex_);
  return state_locked();
}

ArchiveJob::State ArchiveJob::state_locked() const {
  if (reading_) return State::running;
  if (spooled_ || result_.stores.size() >= policy_.needed) return State::archived;
  return result_.stores.size() + outstanding_ >= policy_.needed ? State::running : State::failed;
}

PushResult ArchiveJob::wait(std::chrono::milliseconds patience, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, patience, [&] { return state_locked() != State::running; });
  switch (state_locked()) {
    case State::archived: {
      auto result = result_;
      std::ranges::sort(result.stores);
      return result;
    }
    case State::failed:
      if (failure_) throw Error(*failure_);
      throw Error(ErrorKind::unreachable, fmt::format("it is in {} stores, wal.acknowledge asks for {}",
                                                      result_.stores.size(), policy_.needed));
    case State::running:
      break;
  }
  throw_if_stopped(stop);
  throw Error(ErrorKind::timeout, fmt::format("it is in {} of the {} stores that wal.acknowledge asks for after {} s",
                                              result_.stores.size(), policy_.needed, patience.count() / 1000));
}

}  // namespace owl::wal
