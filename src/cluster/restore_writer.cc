#include "cluster/restore_writer.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "cluster/path_rules.h"
#include "os/file.h"

namespace owl::cluster {
namespace {

Error system_error(const std::string& what, int error) {
  return Error(kind_of_errno(error), what).with_errno(error);
}

/// A file that has its length already is not touched: whoever looks at times sees what was written.
bool set_length(const os::FileDescriptor& fd, std::uint64_t size) {
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) == size) return true;
  return ::ftruncate(fd.get(), static_cast<off_t>(size)) == 0;
}

}  // namespace

bool written_apart(std::string_view path) {
  return path == control_path || path.starts_with(config_prefix);
}

RestoreWriter::RestoreWriter(const TargetPaths& paths, const RestoreTree& tree, std::optional<os::Account> owner,
                             Onto onto)
    : paths_(paths), tree_(tree), owner_(std::move(owner)), onto_(onto) {}

void RestoreWriter::own(const std::filesystem::path& path) const {
  if (!owner_) return;
  if (::lchown(path.c_str(), owner_->uid, owner_->gid) != 0) {
    throw system_error(fmt::format("can't give {} to {}", path.string(), owner_->name), errno);
  }
}

void RestoreWriter::make_folders() {
  own(paths_.data_directory());
  for (const auto& link : paths_.links()) {
    os::make_folders(link.location, 0700);
    own(link.location);
  }
  for (const auto& file : tree_.files) {
    if (file.type != EntryType::folder) continue;
    const auto path = paths_.resolve(file.path);
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      throw system_error(fmt::format("can't make the folder {}", path.string()), errno);
    }
    ::chmod(path.c_str(), file.mode);
    own(path);
  }
  for (const auto& link : paths_.links()) {
    const auto path = paths_.link_path(link);
    const bool made = ::symlink(link.location.c_str(), path.c_str()) == 0;
    if (!made && (onto_ == Onto::empty || errno != EEXIST)) {
      throw system_error(fmt::format("can't make the tablespace link {}", path.string()), errno);
    }
    own(path);
  }
}

void RestoreWriter::make_files(std::size_t begin, std::size_t end) const {
  for (auto i = begin; i < end; ++i) {
    const auto& file = tree_.files[i];
    if (file.type == EntryType::folder || written_apart(file.path)) continue;
    const auto path = paths_.resolve(file.path);
    const auto fd = os::open_file(path, O_WRONLY | O_CREAT | (onto_ == Onto::empty ? O_EXCL : O_NOFOLLOW), 0600);
    if (!set_length(fd, file.size) || ::fchmod(fd.get(), file.mode) != 0 ||
        (owner_ && ::fchown(fd.get(), owner_->uid, owner_->gid) != 0)) {
      throw system_error(fmt::format("can't create {}", path.string()), errno);
    }
  }
}

void RestoreWriter::write(const RestoreTree::WantedBlob& blob, ByteView plain, RestoreFiles& files) {
  for (const auto& to : blob.destinations) {
    const auto& file = tree_.files[to.file];
    if (std::uint64_t{to.blob_offset} + to.length > plain.size()) {
      throw Error(ErrorKind::integrity, fmt::format("the extent map of {} points outside its blob", file.path));
    }
    files.write(to.file, paths_.resolve(file.path), plain.subspan(to.blob_offset, to.length), to.file_offset);
    written_ += to.length;
  }
}

void RestoreWriter::put(const std::filesystem::path& path, ByteView content, unsigned mode) {
  os::replace_file(path, content, mode);
  own(path);
}

}  // namespace owl::cluster
