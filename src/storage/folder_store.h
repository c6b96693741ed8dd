#pragma once

#include <filesystem>

#include "storage/durable_folders.h"
#include "storage/object_store.h"

namespace owl::storage {

/// A store in a folder of a file system: the key is the path below it. Objects are created by os::create_file_once, so
/// a crash leaves each absent or whole; the temporary names that a crash can leave are never listed. Thread-safe, also
/// between processes and, on network file systems, between hosts (they see new names after `visibility`).
///
/// What a file system can't do and S3 can: a key that is also the folder of another ("a" beside "a/b"), and parts of a
/// key longer than 255 letters. Both are refused.
class FolderStore final : public ObjectStore {
 public:
  FolderStore(std::string name, std::filesystem::path root) : name_(std::move(name)), root_(std::move(root)) {}

  using ObjectStore::put_once;
  PutOutcome put_once(const std::string& key, std::span<const ByteView> pieces,
                      const std::optional<ByteArray<32>>& sha256, std::stop_token stop) override;
  std::optional<Bytes> get(const std::string& key, std::stop_token stop) override;
  std::optional<Bytes> get_range(const std::string& key, ByteRange range, std::stop_token stop) override;
  std::optional<ObjectInfo> stat(const std::string& key, std::stop_token stop) override;
  void list(const std::string& prefix, const std::string& start_after,
            const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) override;
  std::vector<std::string> list_folders(const std::string& prefix, std::stop_token stop) override;
  void remove(const std::string& key, std::stop_token stop) override;
  StoreTraits traits() const override;
  /// nullopt: a folder's clock is this host's.
  std::optional<Timestamp> server_time(std::stop_token) override { return std::nullopt; }
  std::string description() const override;

 private:
  std::filesystem::path path_of(const std::string& key) const;
  /// Runs the body; what it throws gets the attempt as context, and a hint where one helps.
  template <typename Body>
  auto trying(std::string_view verb, const std::string& what, const std::stop_token& stop, Body body) const;
  void drop_empty_folders(std::filesystem::path folder) const;

  const std::string name_;
  const std::filesystem::path root_;
  DurableFolders durable_;
};

}  // namespace owl::storage
