#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "observe/monitor.h"
#include "wal/timeline_graph.h"

namespace owl::app {

/// Makes a new base backup when WAL is missing for good, so that what follows can be restored again: one for each gap,
/// never two at once. One that fails is tried again ten minutes later.
class GapBackups {
 public:
  /// `backup` makes it, or finds that there is one already; throws Error where it can't. Runs on a thread of its own.
  GapBackups(std::function<void(const std::vector<wal::Gap>&, std::stop_token)> backup, Clock& clock, Monitor& monitor);
  ~GapBackups();
  GapBackups(const GapBackups&) = delete;

  /// All gaps that stand now. Never blocks.
  void note(const std::vector<wal::Gap>& gaps);

 private:
  void work(const std::stop_token& stop);
  bool attempt(const std::vector<wal::Gap>& gaps, const std::stop_token& stop);

  const std::function<void(const std::vector<wal::Gap>&, std::stop_token)> backup_;
  Clock& clock_;
  Monitor& monitor_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<wal::Gap> wanted_;  ///< not made for yet
  std::set<wal::Gap> made_for_;
  std::jthread thread_;
};

}  // namespace owl::app
