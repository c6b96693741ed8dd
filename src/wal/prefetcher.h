#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "postgres/timeline_history.h"
#include "wal/fetcher.h"

namespace owl::wal {

struct PrefetchOptions {
  postgres::TimelinePath path{1, {}};  ///< of the recovery that is served
  std::uint32_t segment_size = 0;      ///< bytes
  unsigned workers = 3;                ///< fetches at a time
  std::uint64_t memory_bytes =
      160u << 20;  ///< for segments that were not asked for yet; smaller than one: no prefetching
};

/// Has the segments that recovery will ask for next at hand, fetched side by side while it replays. PostgreSQL asks for
/// one after the other and waits; without this it would wait for the store each time. Thread-safe.
///
/// A guess is only ever a guess: what is absent or fails ahead of time is asked for again when the server asks, and
/// only that answer counts.
class Prefetcher {
 public:
  Prefetcher(Fetcher& fetcher, PrefetchOptions options);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;

  /// As Fetcher::fetch, and begins with the segments that follow.
  std::optional<Bytes> fetch(const std::string& file_name, std::stop_token stop = {});

  struct State {
    std::uint64_t asked = 0, ready = 0;  ///< files asked for; of those, at hand already
  };
  State state() const;

 private:
  struct Ahead {
    bool done = false;
    std::optional<Bytes> bytes;  ///< none: absent, or it failed
  };

  /// The file that recovery will ask for after this one; nullopt for what is no segment.
  std::optional<std::string> next_of(const std::string& file_name) const;
  void look_ahead(const std::string& file_name);
  std::optional<Bytes> take(const std::string& file_name, const std::stop_token& stop);
  void work(const std::stop_token& stop);

  Fetcher& fetcher_;
  const PrefetchOptions options_;
  const std::size_t depth_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::shared_ptr<Ahead>> ahead_;
  std::deque<std::string> wanted_;
  State state_;
  std::vector<std::jthread> workers_;
};

}  // namespace owl::wal
