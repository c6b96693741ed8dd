#pragma once

#include <mutex>
#include <set>
#include <string>

#include "proof/verify.h"

namespace owl::proof {

/// Gathers what the checks of one store find. Internal to this module. Thread-safe.
class Findings {
 public:
  Findings(std::string store, Monitor& monitor, VerifyResult& result)
      : store_(std::move(store)), monitor_(monitor), result_(result) {}

  /// The store's name is filled in.
  void add(Damage damage);
  /// Runs a check of `expected.object`. What it throws about the object becomes a finding, with everything else as
  /// `expected` says; what it throws about the store or a stop goes on.
  template <typename Check>
  void guarded(const Damage& expected, Check check) {
    try {
      check();
    } catch (const Error& error) {
      if (!is_about_the_object(error.kind())) throw;
      auto damage = expected;
      damage.what = error.what();
      add(std::move(damage));
    }
  }
  /// Keys of what was found in this store so far.
  std::set<std::string> objects();
  /// Notes on the findings of these objects, in this store, that a backup relies on them.
  void add_backup(const std::string& manifest, const std::set<std::string>& objects);
  /// Changes the counts under the lock.
  template <typename Change>
  void count(Change change) {
    const std::lock_guard lock(mutex_);
    change(result_);
  }

  static bool is_about_the_object(ErrorKind kind) {
    // A damaged header may name a version or an epoch that there never was.
    return kind == ErrorKind::integrity || kind == ErrorKind::not_found || kind == ErrorKind::unsupported ||
           kind == ErrorKind::no_key;
  }

 private:
  const std::string store_;
  Monitor& monitor_;
  std::mutex mutex_;
  VerifyResult& result_;
};

}  // namespace owl::proof
