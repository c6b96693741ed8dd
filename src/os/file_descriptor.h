#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>

#include "base/bytes.h"

namespace owl::os {

/// Owns a file descriptor; closes it in the destructor. Move only. Use from one thread at a time, but for `read_at` and
/// `write_at`, which are safe from many.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

/// Opens with O_CLOEXEC. Throws Error (kind_of_errno) that names the path.
FileDescriptor open_file(const std::filesystem::path& path, int flags, unsigned mode = 0600);
/// As open_file, but an absent file is an answer: an invalid descriptor.
FileDescriptor open_if_exists(const std::filesystem::path& path, int flags);

/// Reads until `out` is full or the file ends; returns the bytes read. Retries EINTR. `name` is for the error.
std::size_t read_some(const FileDescriptor& fd, MutableBytes out, std::string_view name);
std::size_t read_at(const FileDescriptor& fd, MutableBytes out, std::uint64_t offset, std::string_view name);
/// Writes all of it, or throws (disk_full on ENOSPC and EDQUOT).
void write_all(const FileDescriptor& fd, ByteView bytes, std::string_view name);
void write_at(const FileDescriptor& fd, ByteView bytes, std::uint64_t offset, std::string_view name);
void sync_file(const FileDescriptor& fd, std::string_view name);  ///< fsync

}  // namespace owl::os
