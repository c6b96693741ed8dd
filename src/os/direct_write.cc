#include "os/direct_write.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "os/aligned_buffer.h"
#include "os/os_error.h"

namespace owl::os {
namespace {

constexpr std::size_t smallest = 1u << 20;  // below, a trip to the disk costs more than the copy
constexpr std::size_t largest_step = 8u << 20;

/// O_DIRECT, from now to the end of the scope.
class DirectMode {
 public:
  explicit DirectMode(int fd) : fd_(fd), flags_(::fcntl(fd, F_GETFL)) {
    on_ = flags_ >= 0 && ::fcntl(fd_, F_SETFL, flags_ | O_DIRECT) == 0;
  }
  DirectMode(const DirectMode&) = delete;
  DirectMode& operator=(const DirectMode&) = delete;
  ~DirectMode() {
    if (on_) ::fcntl(fd_, F_SETFL, flags_);
  }
  bool on() const { return on_; }

 private:
  const int fd_, flags_;
  bool on_ = false;
};

}  // namespace

std::size_t write_direct(const FileDescriptor& fd, ByteView bytes, std::string_view name) {
  constexpr auto alignment = AlignedBuffer::alignment;
  if (bytes.size() < smallest || reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment != 0) return 0;
  const DirectMode mode(fd.get());
  if (!mode.on()) return 0;
  const std::size_t wanted = bytes.size() - bytes.size() % alignment;
  std::size_t done = 0;
  while (done < wanted && done % alignment == 0) {  // after a step that came short the page cache does the rest
    const std::size_t step = std::min(wanted - done, largest_step);
    const ssize_t written = retry_eintr([&] { return ::write(fd.get(), bytes.data() + done, step); });
    if (written < 0 && errno == EINVAL) break;  // O_DIRECT was taken, and is not meant
    if (written < 0) throw_errno("write", name);
    if (written == 0) break;
    done += static_cast<std::size_t>(written);
  }
  return done;
}

}  // namespace owl::os
