#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "repository/stores.h"
#include "wal/wal_writer.h"

namespace owl::wal {

/// A folder on this host that takes sealed WAL objects while the stores that the policy asks for are known not to
/// answer, so that PostgreSQL can let go of its segments. What stands in it alone is lost with this host: it is off by
/// default, bounded, and told by every status. Survives restarts: what lies there is brought to the stores by whoever
/// opens it next. Thread-safe.
class Spool {
 public:
  /// `limit_bytes`: of everything in it together.
  Spool(const std::filesystem::path& folder, std::uint64_t limit_bytes);

  /// Durable in the spool when it returns true. False: there is no room.
  bool take(WalWriter& writer, std::stop_token stop);

  struct State {
    std::uint64_t files = 0, bytes = 0, limit_bytes = 0;
  };
  State state() const;
  std::vector<std::string> keys() const;                      ///< of the objects in it
  repository::StoreSet::Member& member() { return member_; }  ///< to copy from, as from any store
  void remove(const std::string& key, std::stop_token stop);

 private:
  void forget(const std::string& key);

  repository::StoreSet::Member member_;
  const std::uint64_t limit_bytes_;
  mutable std::mutex mutex_;
  std::uint64_t bytes_ = 0;
  std::map<std::string, std::uint64_t> objects_;  ///< key → bytes
};

}  // namespace owl::wal
