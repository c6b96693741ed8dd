#include "app/gap_backups.h"

#include <fmt/core.h>

#include <utility>

#include "base/error.h"

namespace owl::app {
namespace {

constexpr std::chrono::minutes patience{10};

}  // namespace

GapBackups::GapBackups(std::function<void(const std::vector<wal::Gap>&, std::stop_token)> backup, Clock& clock,
                       Monitor& monitor)
    : backup_(std::move(backup)),
      clock_(clock),
      monitor_(monitor),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

GapBackups::~GapBackups() {
  thread_.request_stop();
}

void GapBackups::note(const std::vector<wal::Gap>& gaps) {
  const std::lock_guard lock(mutex_);
  wanted_.clear();
  for (const auto& gap : gaps) {
    if (!made_for_.contains(gap)) wanted_.push_back(gap);
  }
  if (!wanted_.empty()) changed_.notify_one();
}

void GapBackups::work(const std::stop_token& stop) {
  while (true) {
    std::vector<wal::Gap> gaps;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return !wanted_.empty(); })) return;
      gaps = wanted_;
    }
    const bool made = attempt(gaps, stop);
    if (stop.stop_requested()) return;
    if (!made && !clock_.sleep(patience, stop)) return;
    if (!made) continue;
    const std::lock_guard lock(mutex_);
    made_for_.insert(gaps.begin(), gaps.end());
    std::erase_if(wanted_, [&](const wal::Gap& gap) { return made_for_.contains(gap); });
  }
}

bool GapBackups::attempt(const std::vector<wal::Gap>& gaps, const std::stop_token& stop) {
  try {
    backup_(gaps, stop);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::cancelled) {
      monitor_.warning(
          fmt::format("the base backup that a gap in the WAL asks for failed, and is tried again in {} "
                      "minutes: {}",
                      patience.count(), error.what()));
    }
    return false;
  }
}

}  // namespace owl::app
