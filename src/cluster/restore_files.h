#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/bytes.h"
#include "os/file_descriptor.h"

namespace owl::cluster {

/// Can the kernel's page cache be left out? What is restored is not read again soon, and copying it there costs more
/// processor time than decompressing it did. Where a file system refuses, all writes go through the cache. Thread-safe.
class DirectWrites {
 public:
  bool allowed() const { return allowed_; }
  void refused() { allowed_ = false; }

 private:
  std::atomic<bool> allowed_{true};
};

/// The files that one worker of a restore writes to. A relation's pieces follow each other in packs, so that a few
/// files kept open spare opening one for each piece. One thread.
class RestoreFiles {
 public:
  explicit RestoreFiles(DirectWrites& direct) : direct_(direct) {}

  /// `number` identifies the file; it exists.
  void write(std::uint32_t number, const std::filesystem::path& path, ByteView bytes, std::uint64_t offset);

 private:
  struct Open {
    std::uint32_t number;
    bool direct;
    os::FileDescriptor fd;
  };
  bool write_direct(std::uint32_t number, const std::filesystem::path& path, ByteView bytes, std::uint64_t offset);
  const os::FileDescriptor& open(std::uint32_t number, const std::filesystem::path& path, bool direct);

  DirectWrites& direct_;
  std::vector<Open> open_;  ///< the latest last
};

}  // namespace owl::cluster
