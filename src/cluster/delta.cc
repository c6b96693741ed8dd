#include "cluster/delta.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "base/error.h"
#include "cluster/restore_writer.h"
#include "os/aligned_buffer.h"
#include "os/file_descriptor.h"
#include "os/os_error.h"

namespace owl::cluster {
namespace {

using Destination = RestoreTree::Destination;
using WantedBlob = RestoreTree::WantedBlob;

/// Does every byte of the blob belong somewhere, one stretch after the other?
bool is_covered(const WantedBlob& blob, std::uint32_t plain_size) {
  std::uint32_t end = 0;
  for (const auto& at : blob.destinations) {
    if (at.blob_offset != end) return false;
    end += at.length;
  }
  return end == plain_size;
}

/// Where the next bytes stand that were ever written, from `offset` on: the rest of a file may be one hole.
std::uint64_t next_data(const os::FileDescriptor& fd, std::uint64_t offset, std::uint64_t end) {
  const auto found = ::lseek(fd.get(), static_cast<off_t>(offset), SEEK_DATA);
  if (found >= 0) return std::min(end, static_cast<std::uint64_t>(found));
  return errno == ENXIO ? end : offset;  // a file system that can't tell: all of it may be data
}

/// Zeros over [offset, end) where anything else stands; how many bytes were written.
std::uint64_t clear_stretch(const os::FileDescriptor& fd, std::uint64_t offset, std::uint64_t end,
                            std::string_view name) {
  constexpr std::uint64_t at_once = 256u << 10;
  os::AlignedBuffer buffer(at_once);
  std::uint64_t cleared = 0;
  while ((offset = next_data(fd, offset, end)) < end) {
    const auto room = buffer.whole().first(std::min(at_once, end - offset));
    const auto size = os::read_at(fd, room, offset, name);
    if (size == 0) break;
    if (!all_zero(room.first(size))) {
      std::ranges::fill(room, std::uint8_t{0});
      os::write_at(fd, room.first(size), offset, name);
      cleared += size;
    }
    offset += size;
  }
  return cleared;
}

MutableBytes in(os::AlignedBuffer& room, std::size_t size) {
  if (room.capacity() < size) room = os::AlignedBuffer(size);
  return room.whole().first(size);
}

}  // namespace

Delta::Delta(const TargetPaths& paths, const RestoreTree& tree, std::uint32_t block_size)
    : paths_(paths), tree_(tree), block_size_(block_size) {
  for (const auto& pack : tree.packs) {
    for (const auto& blob : pack.blobs) {
      for (const auto& at : blob.destinations) covered_.push_back({at.file, at.file_offset, at.length});
    }
  }
  std::ranges::sort(covered_, {}, [](const Covered& c) { return std::tuple(c.file, c.offset); });
}

/// False: the file is too short, or not there.
bool Delta::read_local(const Destination& at, MutableBytes out) const {
  const auto path = paths_.resolve(tree_.files[at.file].path);
  const auto fd = os::open_if_exists(path, O_RDONLY | O_NOFOLLOW);
  return fd.valid() && os::read_at(fd, out, at.file_offset, path.native()) == out.size();
}

/// Adds the runs of pages that are not what their checks say.
void Delta::differing_pages(const Destination& at, std::span<const repository::PageCheck> checks,
                            os::AlignedBuffer& room, std::vector<Destination>& out) const {
  const auto local = in(room, at.length);
  if (!read_local(at, local)) {
    out.push_back(at);
    return;
  }
  bool in_run = false;
  for (std::uint32_t page = 0; page < at.length; page += block_size_) {
    const auto check = repository::page_check(local.subspan(page, block_size_));
    const bool differs = check != checks[(at.blob_offset + page) / block_size_];
    if (differs && in_run) out.back().length += block_size_;
    if (differs && !in_run) out.push_back({at.file, at.file_offset + page, at.blob_offset + page, block_size_});
    in_run = differs;
  }
}

bool Delta::holds_whole(const WantedBlob& blob, std::uint32_t plain_size, repository::BlobOpener& opener,
                        os::AlignedBuffer& room) const {
  if (!is_covered(blob, plain_size)) return false;
  const auto local = in(room, plain_size);
  for (const auto& at : blob.destinations) {
    if (!read_local(at, local.subspan(at.blob_offset, at.length))) return false;
  }
  return opener.is_content_of(blob.entry, local);
}

std::vector<WantedBlob> Delta::differing(const repository::PackDirectory& directory, std::span<const WantedBlob> blobs,
                                         repository::BlobOpener& opener) const {
  std::vector<WantedBlob> out;
  os::AlignedBuffer room;
  for (const auto& blob : blobs) {
    const auto& entry = directory.entries.at(blob.entry);
    const bool by_page = entry.checks.size() * std::uint64_t{block_size_} == entry.plain_size;
    WantedBlob left{blob.entry, blob.name, {}};
    if (!by_page) {
      if (!holds_whole(blob, entry.plain_size, opener, room)) left.destinations = blob.destinations;
    } else {
      for (const auto& at : blob.destinations) {
        const bool whole_pages = at.length % block_size_ == 0 && at.blob_offset % block_size_ == 0 &&
                                 std::uint64_t{at.blob_offset} + at.length <= entry.plain_size;
        if (whole_pages) {
          differing_pages(at, entry.checks, room, left.destinations);
        } else {
          left.destinations.push_back(at);
        }
      }
    }
    if (!left.destinations.empty()) out.push_back(std::move(left));
  }
  return out;
}

void Delta::clear_gaps(std::size_t begin, std::size_t end) const {
  for (auto i = begin; i < end; ++i) {
    const auto& file = tree_.files[i];
    if (file.type != EntryType::folder && !written_apart(file.path)) clear_file(static_cast<std::uint32_t>(i));
  }
}

void Delta::clear_file(std::uint32_t number) const {
  const auto& file = tree_.files[number];
  const auto path = paths_.resolve(file.path);
  os::FileDescriptor fd;  // opened where there is a gap at all
  std::uint64_t from = 0;
  const auto clear_to = [&](std::uint64_t to) {
    if (from >= to) return;
    if (!fd.valid()) fd = os::open_file(path, O_RDWR | O_NOFOLLOW);
    cleared_ += clear_stretch(fd, from, to, path.native());
  };
  auto covered = std::ranges::lower_bound(covered_, number, {}, &Covered::file);
  for (; covered != covered_.end() && covered->file == number; ++covered) {
    clear_to(covered->offset);
    from = std::max(from, covered->offset + covered->length);
  }
  clear_to(file.size);
}

}  // namespace owl::cluster
