#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "concurrency/bounded_queue.h"
#include "concurrency/byte_budget.h"
#include "wal/archive_job.h"
#include "wal/enrolment.h"
#include "wal/spool.h"
#include "wal/store_lane.h"
#include "wal/wal_file.h"

namespace owl::wal {

struct ArchiverOptions {
  AckPolicy policy;
  std::filesystem::path state_directory;  ///< with the enrolments: read anew each time, for they change
  int zstd_level = 3;
  unsigned workers = 2;                        ///< that read, describe and compress
  std::uint64_t memory_bytes = 128u << 20;     ///< for plain segments; what is sealed is a tenth of it
  std::chrono::milliseconds patience{50'000};  ///< of one ask; less than the client's own
  LaneOptions lane;
  std::filesystem::path spool;  ///< empty: none, and a file is archived only when it is in stores
  std::uint64_t spool_bytes = 1u << 30;
};

/// Archives WAL files, many at once and before they are asked for, each read once and fed to every store (the resident
/// form of `push`, with the same checks and the same meaning of "archived"). Thread-safe.
class Archiver {
 public:
  Archiver(repository::StoreSet& stores, const crypto::HostKeys& keys, const ArchiverOptions& options, Clock& clock,
           Random& random, Monitor& monitor);
  ~Archiver();
  Archiver(const Archiver&) = delete;

  /// What PostgreSQL asks for. Returns when the file is durable where the policy says, joining a job that is under way
  /// already; throws otherwise, as `push` does. Nothing is remembered of it afterwards: asked again, the stored object
  /// itself is looked at.
  PushResult archive(WalSource source, std::stop_token stop);

  /// Begins with a file that will be asked for soon. `still_there` is asked once more after the file was read: only
  /// then is it certain that the bytes are those of this name. A failure is kept for a while, so that it is not tried
  /// without end.
  void begin(WalSource source, std::function<bool()> still_there);
  /// Is a file taken on already (and not failed long ago), or archived just now?
  bool has_begun(const std::string& name);
  /// Is somebody reading or storing it just now?
  bool is_under_way(const std::string& name);
  /// Of each timeline the greatest segment that PostgreSQL was told is archived, since the start.
  std::vector<std::string> acknowledged();
  /// Forgets what was begun and is not among these names any more: somebody else archived it.
  void keep_only(const std::vector<std::string>& names);

  std::vector<std::unique_ptr<StoreLane>>& lanes() { return lanes_; }
  Spool* spool() { return spool_.get(); }  ///< nullptr: there is none
  struct State {
    std::size_t running = 0, waiting_to_be_asked = 0;
    std::uint64_t archived = 0, plain_bytes = 0, stored_bytes = 0;  ///< since the start, as PostgreSQL was told
    std::uint64_t failed = 0;                                       ///< asks that were answered with an error
    std::uint64_t unproven = 0;  ///< files that the WAL codec did not give back as they were: stored by zstd alone
    std::string last_archived;
    Timestamp last_time;
    std::string last_error;  ///< of an ask; empty once one succeeds
  };
  State state();

 private:
  struct Task {
    std::string name;
    std::shared_ptr<ArchiveJob> job;
    WalSource source;
    std::function<bool()> still_there;
  };
  struct Begun {
    std::shared_ptr<ArchiveJob> job;
    std::chrono::nanoseconds since{};
  };

  std::shared_ptr<ArchiveJob> take_on(WalSource source, std::function<bool()> still_there, std::stop_token stop);
  void work(const std::stop_token& stop);
  void run(Task& task, WalFileReader& reader, const std::stop_token& stop);
  bool stores_are_away() const;
  void spool_if_needed(ArchiveJob& job, const std::stop_token& stop);
  void note_unproven();
  void note_outcome(const std::string& name, const PushResult* result, const Error* error);

  repository::StoreSet& stores_;
  const crypto::HostKeys& keys_;
  const ArchiverOptions options_;
  Clock& clock_;
  Random& random_;
  Monitor& monitor_;
  ByteBudget memory_;
  std::unique_ptr<Spool> spool_;
  std::vector<std::unique_ptr<StoreLane>> lanes_;
  std::mutex mutex_;
  std::map<std::string, Begun> begun_;
  /// Told "archived" a moment ago: PostgreSQL takes a while to rename .ready to .done.
  std::map<std::string, std::chrono::nanoseconds> told_;
  std::map<std::string, std::string> acknowledged_;  ///< timeline → segment
  State state_;
  BoundedQueue<Task> tasks_;
  std::vector<std::jthread> workers_;
};

}  // namespace owl::wal
