#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "wal/push.h"
#include "wal/wal_writer.h"

namespace owl::wal {

/// A file as it lay there when it was read: another inode, size or time under the same name is another file.
struct FileMark {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0;

  friend bool operator==(const FileMark&, const FileMark&) = default;
};

/// One file that the resident archiver has taken on, from its reading until every store has answered. Thread-safe:
/// worker, stores and whoever waits for the outcome meet here.
class ArchiveJob {
 public:
  ArchiveJob(FileMark mark, AckPolicy policy) : mark_(mark), policy_(policy) {}

  const FileMark& mark() const { return mark_; }

  /// The file is read: `stores` will each tell how it went. The writer lives until the last of them has.
  void begin_storing(std::unique_ptr<WalWriter> writer, std::size_t stores);
  WalWriter& writer() { return *writer_; }

  void stored(const std::string& store, PushOutcome outcome);
  void missed(const std::string& store, const Error& error);
  /// It is durable in the spool: archived, as far as PostgreSQL is concerned.
  void spooled();
  /// It could not even be read.
  void failed(const Error& error);

  enum class State { running, archived, failed };
  State state() const;
  /// Blocks until it is archived as the policy asks, or can't be any more, or the time is up. Throws what stood in the
  /// way.
  PushResult wait(std::chrono::milliseconds patience, std::stop_token stop);

 private:
  State state_locked() const;
  void store_answered();

  const FileMark mark_;
  const AckPolicy policy_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::unique_ptr<WalWriter> writer_;
  bool reading_ = true, spooled_ = false;
  std::size_t outstanding_ = 0;  ///< stores that have not answered yet
  PushResult result_{PushOutcome::already_stored, 0, 0, {}, {}};
  std::optional<Error> failure_;
};

}  // namespace owl::wal
