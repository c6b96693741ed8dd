#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>

#include "base/clock.h"
#include "concurrency/bounded_queue.h"
#include "concurrency/task_group.h"
#include "crypto/keys.h"
#include "repository/pack_builder.h"
#include "repository/stores.h"

namespace owl::repository {

/// Carries filled packs into every store of the set, a few at a time, while the next ones are filled. All memory for
/// packs is here: `uploads` + 2 buffers, so that whoever fills faster than the stores take waits in `take_buffer`.
/// Thread-safe. Destroyed with packs on their way: they are given up.
class PackUploader {
 public:
  struct Options {
    std::uint64_t pack_bytes = 0;
    unsigned uploads = 2;
    std::stop_token stop;
  };
  /// Told of each pack once every living store has it; from an upload thread.
  using Stored = std::function<void(std::uint32_t number, const PackRef& pack, const PackDirectory& directory)>;

  PackUploader(StoreSet& stores, const crypto::HostKeys& keys, Clock& clock, Random& random, Options options,
               Stored stored);
  ~PackUploader();

  /// Of what size packs may be for all buffers to fit into that many bytes; at least 1 MiB, whatever that says.
  static std::uint64_t largest_pack(std::uint64_t buffer_bytes, unsigned uploads);

  /// An empty buffer with room for `pack_bytes` and a blob beyond, or for one blob of `blob_size` if that is larger.
  /// Throws what made an upload fail.
  os::AlignedBuffer take_buffer(std::size_t blob_size);
  void submit(FilledPack pack);
  /// Waits until all that was submitted is stored; throws what made an upload fail.
  void drain();

 private:
  void work(const std::stop_token& stop);
  void upload(FilledPack& pack, const std::stop_token& stop);
  void put_everywhere(const PackRef& pack, std::span<const ByteView> pieces, const std::stop_token& stop);
  void give_back(os::AlignedBuffer buffer);
  void fail(std::exception_ptr error);
  void throw_failure();

  StoreSet& stores_;
  const crypto::HostKeys& keys_;
  Clock& clock_;
  Random& random_;
  const Options options_;
  const Stored stored_;
  BoundedQueue<os::AlignedBuffer> free_buffers_;
  BoundedQueue<FilledPack> filled_;

  std::mutex mutex_;
  std::condition_variable_any progress_;
  std::size_t outstanding_ = 0;
  std::exception_ptr failure_;
  TaskGroup tasks_;
};

}  // namespace owl::repository
