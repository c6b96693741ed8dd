#include "cluster/restore_files.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "os/aligned_buffer.h"

namespace owl::cluster {
namespace {

constexpr std::size_t most_open = 8;
constexpr std::size_t smallest_direct = 64u << 10;  // below, a trip to the disk for each costs more than the copy

bool suits_direct(ByteView bytes, std::uint64_t offset) {
  constexpr auto alignment = os::AlignedBuffer::alignment;
  return bytes.size() >= smallest_direct && bytes.size() % alignment == 0 && offset % alignment == 0 &&
         reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment == 0;
}

}  // namespace

void RestoreFiles::write(std::uint32_t number, const std::filesystem::path& path, ByteView bytes,
                         std::uint64_t offset) {
  if (direct_.allowed() && suits_direct(bytes, offset) && write_direct(number, path, bytes, offset)) return;
  os::write_at(open(number, path, false), bytes, offset, path.native());
}

/// False: this file system won't have it.
bool RestoreFiles::write_direct(std::uint32_t number, const std::filesystem::path& path, ByteView bytes,
                                std::uint64_t offset) {
  try {
    os::write_at(open(number, path, true), bytes, offset, path.native());
    return true;
  } catch (const Error& error) {
    if (error.errno_value() != EINVAL && error.errno_value() != EOPNOTSUPP) throw;
    direct_.refused();
    return false;
  }
}

const os::FileDescriptor& RestoreFiles::open(std::uint32_t number, const std::filesystem::path& path, bool direct) {
  const auto found =
      std::ranges::find_if(open_, [&](const Open& file) { return file.number == number && file.direct == direct; });
  if (found != open_.end()) {
    std::rotate(found, found + 1, open_.end());
  } else {
    if (open_.size() >= most_open) open_.erase(open_.begin());
    open_.push_back({number, direct, os::open_file(path, direct ? O_WRONLY | O_DIRECT : O_WRONLY)});
  }
  return open_.back().fd;
}

}  // namespace owl::cluster
