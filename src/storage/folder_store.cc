#include "storage/folder_store.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "concurrency/task_group.h"
#include "os/file.h"
#include "os/file_descriptor.h"
#include "os/system.h"
#include "storage/attempt.h"
#include "storage/byte_range.h"
#include "storage/folder_walk.h"

namespace owl::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds network_visibility{120};
constexpr std::size_t longest_component = 255;
constexpr int tries_at_a_vanishing_folder = 20;

/// What a person can do about an errno, in a folder that is a store.
std::string hint_for(const Error& error, const fs::path& root) {
  switch (error.errno_value()) {
    case EROFS:
      return "Its file system is mounted read-only: remount it, or choose another folder.";
    case EACCES:
    case EPERM:
      return fmt::format("Give the account that runs this (uid {}) the right to read and write in {}.",
                         os::effective_uid(), root.native());
    case ENOSPC:
    case EDQUOT:
      return fmt::format("Free space on the file system of {}, or let older backups expire.", root.native());
    default:
      return error.hint();
  }
}

os::CreateOutcome create(const fs::path& path, std::span<const ByteView> pieces) {
  for (int left = tries_at_a_vanishing_folder;; --left) {
    try {
      os::make_folders(path.parent_path());
      return os::create_file_once(path, pieces);
    } catch (const Error& error) {
      // Somebody's `remove` emptied the folder and took it away before our file stood in it.
      if (error.errno_value() != ENOENT || left == 0) throw;
    }
  }
}

[[noreturn]] void rethrow_with_hint(Error error, const fs::path& root) {
  auto hint = hint_for(error, root);
  if (error.errno_value() == EROFS) error = Error(ErrorKind::denied, error.message());
  throw std::move(error).with_hint(std::move(hint));
}

}  // namespace

template <typename Body>
auto FolderStore::trying(std::string_view verb, const std::string& what, const std::stop_token& stop, Body body) const {
  throw_if_stopped(stop);
  return in_context([&] { return attempt(verb, what, description()); },
                    [&] {
                      try {
                        return body();
                      } catch (const Error& error) {
                        rethrow_with_hint(error, root_);
                      }
                    });
}

fs::path FolderStore::path_of(const std::string& key) const {
  check_key(key);
  for (const auto part : split(key, '/')) {
    if (part.size() <= longest_component && !os::is_temporary_name(part)) continue;
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is no key that a folder can hold", key))
        .with_hint("A part between slashes has at most 255 letters, and is no temporary name of this program.");
  }
  return root_ / key;
}

PutOutcome FolderStore::put_once(const std::string& key, std::span<const ByteView> pieces,
                                 const std::optional<ByteArray<32>>&, std::stop_token stop) {
  const auto path = path_of(key);
  return trying("store", key, stop, [&] {
    const auto outcome = create(path, pieces);
    durable_.ensure(path.parent_path(), root_);
    return outcome == os::CreateOutcome::created ? PutOutcome::stored : PutOutcome::already_exists;
  });
}

std::optional<Bytes> FolderStore::get(const std::string& key, std::stop_token stop) {
  return get_range(key, {0, UINT64_MAX}, std::move(stop));
}

std::optional<Bytes> FolderStore::get_range(const std::string& key, ByteRange range, std::stop_token stop) {
  const auto path = path_of(key);
  return trying("read", key, stop, [&]() -> std::optional<Bytes> {
    const auto status = os::status_of(path);
    if (!status || status->type != os::FileType::regular) return std::nullopt;
    const auto file = os::open_if_exists(path, O_RDONLY);
    if (!file.valid()) return std::nullopt;
    const auto [begin, end] = within(range, status->size);
    Bytes bytes(end - begin);
    bytes.resize(os::read_at(file, bytes, begin, path.native()));
    return bytes;
  });
}

std::optional<ObjectInfo> FolderStore::stat(const std::string& key, std::stop_token stop) {
  const auto path = path_of(key);
  return trying("look up", key, stop, [&]() -> std::optional<ObjectInfo> {
    const auto status = os::status_of(path);
    if (!status || status->type != os::FileType::regular) return std::nullopt;
    return ObjectInfo{key, status->size, status->modified};
  });
}

void FolderStore::list(const std::string& prefix, const std::string& start_after,
                       const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) {
  std::exception_ptr thrown;  // by the caller's own code: not ours to explain
  const auto guarded = [&](const ObjectInfo& info) {
    try {
      return each(info);
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  };
  trying("list", prefix, stop,
         [&] { walk({.root = root_, .prefix = prefix, .start_after = start_after}, guarded, stop); });
  if (thrown) std::rethrow_exception(thrown);
}

std::vector<std::string> FolderStore::list_folders(const std::string& prefix, std::stop_token stop) {
  return trying("list", prefix, stop, [&] {
    std::vector<std::string> folders;
    const auto status = os::status_of(root_ / prefix, true);
    if (!status || status->type != os::FileType::folder) return folders;
    for (const auto& entry : os::list_folder(root_ / prefix).value_or(std::vector<os::FolderEntry>{})) {
      if (entry.type != os::FileType::folder || !is_key(entry.name)) continue;
      bool holds_something = false;  // on S3 there are no empty folders
      walk(
          {.root = root_, .prefix = prefix + entry.name + '/'},
          [&](const ObjectInfo&) {
            holds_something = true;
            return false;
          },
          stop);
      if (holds_something) folders.push_back(entry.name);
    }
    return folders;
  });
}

void FolderStore::remove(const std::string& key, std::stop_token stop) {
  const auto path = path_of(key);
  trying("remove", key, stop, [&] {
    const auto status = os::status_of(path);
    if (!status || status->type != os::FileType::regular || !os::remove_file(path)) return;
    sync_if_there(path.parent_path());
    drop_empty_folders(path.parent_path());
  });
}

// Keys name folders after months, segments and timelines: without this a folder for each would stay for ever. rmdir
// takes an empty folder only, so whoever is about to write into it keeps it or makes it anew (see put_once).
void FolderStore::drop_empty_folders(fs::path folder) const {
  while (folder != root_ && ::rmdir(folder.c_str()) == 0) folder = folder.parent_path();
}

StoreTraits FolderStore::traits() const {
  auto place = root_;
  while (!os::status_of(place, true) && place != place.parent_path()) place = place.parent_path();
  const bool network = os::file_system_of(place).is_network;
  return {.visibility = network ? network_visibility : std::chrono::seconds(0),
          .max_put_bytes = std::uint64_t{1} << 43};
}

std::string FolderStore::description() const {
  return fmt::format("{} (file://{})", name_, root_.native());
}

}  // namespace owl::storage
