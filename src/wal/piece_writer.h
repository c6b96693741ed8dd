#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "crypto/keys.h"
#include "repository/stores.h"
#include "storage/circuit_breaker.h"
#include "wal/stream_buffer.h"
#include "wal/wal_object.h"

namespace owl::wal {

struct PieceOptions {
  postgres::SystemId system_id = 0;
  std::uint32_t segment_size = 0;
  std::size_t stores = 1;  ///< how many must have a piece: the first that answer, in the order of the configuration
  int zstd_level = 3;
  std::function<void(repository::StoreSet::Member&)> check = {};  ///< as LaneOptions::check
  std::chrono::milliseconds timeout{20'000};                      ///< for one store, before the next one is tried
};

/// Stores pieces of the open segment, sealed as WAL objects are (docs/format.md): this host can write them and not read
/// them. One thread.
class PieceWriter {
 public:
  PieceWriter(repository::StoreSet& stores, const crypto::HostKeys& keys, const PieceOptions& options, Clock& clock,
              Random& random);

  /// When it returns, the piece is durable in as many stores as asked for. Returns the bytes stored.
  std::uint64_t write(const StreamBuffer::Cut& cut, const std::stop_token& stop);

 private:
  struct Target {
    repository::StoreSet::Member member;
    std::unique_ptr<storage::CircuitBreaker> breaker;
    bool checked = false;
  };
  void put(Target& target, const std::string& key, const BuiltWalObject& object, const std::stop_token& stop);

  const crypto::HostKeys& keys_;
  const PieceOptions options_;
  Clock& clock_;
  Random& random_;
  std::vector<Target> targets_;
};

}  // namespace owl::wal
