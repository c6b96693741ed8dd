#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/stores.h"
#include "wal/wal_file.h"

namespace owl::wal {

enum class PushOutcome { stored, already_stored };

/// Puts one file into stores as one object each. Sealed once for each object key, whatever number of stores takes it.
/// Thread-safe: stores are written side by side.
class WalWriter {
 public:
  WalWriter(WalFile file, const crypto::HostKeys& keys, Clock& clock, Random& random, Monitor& monitor);

  const WalFile& file() const { return file_; }
  std::uint64_t object_bytes() const { return object_bytes_; }

  /// Creates the object, or proves that the same bytes stand there whole. Other bytes are Error(conflict), naming the
  /// three real causes; a damaged object is reported, and a good copy stored beside it. When it returns, the file is
  /// durable there.
  PushOutcome write(repository::StoreSet::Member& member, std::stop_token stop);

 private:
  const BuiltWalObject& sealed(const std::string& key);
  bool same_bytes_stand_there(repository::StoreSet::Member& member, const std::string& key, std::stop_token stop);

  const WalFile file_;
  const crypto::HostKeys& keys_;
  Clock& clock_;
  Random& random_;
  Monitor& monitor_;
  std::mutex mutex_;
  std::map<std::string, BuiltWalObject> objects_;  ///< by key
  std::uint64_t object_bytes_ = 0;
};

}  // namespace owl::wal
