#include "os/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include "os/os_error.h"

namespace owl::os {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this == &other) return *this;
  reset();
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  reset();
}

void FileDescriptor::reset() {
  // Never repeated on EINTR: Linux has freed the number by then, and another thread may already own it again.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

FileDescriptor open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  const int fd = retry_eintr([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); });
  if (fd < 0) throw_errno("open", path.native());
  return FileDescriptor(fd);
}

FileDescriptor open_if_exists(const std::filesystem::path& path, int flags) {
  const int fd = retry_eintr([&] { return ::open(path.c_str(), flags | O_CLOEXEC); });
  if (fd < 0 && !means_absent(errno)) throw_errno("open", path.native());
  return FileDescriptor(fd);
}

namespace {

/// Calls `step(rest, done)` until all is moved or it reports the end with 0; returns the bytes moved.
template <typename Span, typename Step>
std::size_t move_all(Span bytes, std::string_view doing, std::string_view name, Step step) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t moved = retry_eintr([&] { return step(bytes.subspan(done), done); });
    if (moved < 0) throw_errno(doing, name);
    if (moved == 0) break;
    done += static_cast<std::size_t>(moved);
  }
  return done;
}

void check_written(std::size_t done, std::size_t wanted, std::string_view name) {
  // write(2) returns 0 for a non-empty request only where a device takes no more.
  if (done != wanted) throw_errno("write", name, ENOSPC);
}

}  // namespace

std::size_t read_some(const FileDescriptor& fd, MutableBytes out, std::string_view name) {
  return move_all(out, "read", name,
                  [&](MutableBytes rest, std::size_t) { return ::read(fd.get(), rest.data(), rest.size()); });
}

std::size_t read_at(const FileDescriptor& fd, MutableBytes out, std::uint64_t offset, std::string_view name) {
  return move_all(out, "read", name, [&](MutableBytes rest, std::size_t done) {
    return ::pread(fd.get(), rest.data(), rest.size(), static_cast<off_t>(offset + done));
  });
}

void write_all(const FileDescriptor& fd, ByteView bytes, std::string_view name) {
  const auto done = move_all(bytes, "write", name,
                             [&](ByteView rest, std::size_t) { return ::write(fd.get(), rest.data(), rest.size()); });
  check_written(done, bytes.size(), name);
}

void write_at(const FileDescriptor& fd, ByteView bytes, std::uint64_t offset, std::string_view name) {
  const auto done = move_all(bytes, "write", name, [&](ByteView rest, std::size_t moved) {
    return ::pwrite(fd.get(), rest.data(), rest.size(), static_cast<off_t>(offset + moved));
  });
  check_written(done, bytes.size(), name);
}

void sync_file(const FileDescriptor& fd, std::string_view name) {
  // A failed fsync is final: the kernel has dropped the dirty pages, a second call would report a false success.
  if (retry_eintr([&] { return ::fsync(fd.get()); }) != 0) throw_errno("sync", name);
}

}  // namespace owl::os
