#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "observe/monitor.h"
#include "storage/open.h"

namespace owl::repository {

/// Is this an error of the store itself (it can't be reached, says no, is full, isn't there), and not of what is stored
/// in it?
bool is_store_failure(ErrorKind kind);

/// The stores of one run. A run fixes its set at its start; a store that fails drops out for the rest of the run, with
/// a warning; when none is left the run fails with the last store's error. Thread-safe.
class StoreSet {
 public:
  struct Member {
    std::string name;
    storage::StorePtr store;
    std::shared_ptr<storage::Meter> meter;
  };

  StoreSet(std::vector<Member> members, Monitor& monitor);

  /// The members that still take part.
  std::vector<Member> alive() const;
  std::size_t size() const;
  /// Runs `work` on every living member, in parallel. A member whose work throws a store's error (unreachable, denied,
  /// throttled, transient, timeout, disk_full, config) drops out; other errors (integrity, conflict, cancelled …) end
  /// the call.
  void on_each(const std::function<void(Member&)>& work);
  /// Tries members in order until one answers; whatever goes wrong with one member, short of `cancelled` and `no_key`,
  /// is tried at the next. The last error is thrown, with what the others said as context. Nobody drops out: "in no
  /// store" must stay provable. A member that could not be reached is asked last from then on.
  void on_any(const std::function<void(Member&)>& work);
  /// Takes a member out, with the reason as a warning. Throws `error` when it was the last.
  void drop(const std::string& name, const Error& error);
  /// Names of members that dropped out.
  std::vector<std::string> dropped() const;
  Monitor& monitor() const { return monitor_; }

 private:
  std::vector<Member> by_preference() const;
  void ask_last(const std::string& name);

  mutable std::mutex mutex_;
  std::vector<Member> members_;        ///< that still take part, as configured
  std::vector<std::string> ask_last_;  ///< could not be reached when they were asked
  std::vector<std::string> dropped_;
  Monitor& monitor_;
};

}  // namespace owl::repository
