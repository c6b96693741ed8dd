#pragma once

#include <map>

#include "base/clock.h"
#include "concurrency/guarded.h"
#include "storage/object_store.h"

namespace owl::storage {

/// A store in memory, for tests: the contract and nothing else. Thread-safe.
class MemoryStore final : public ObjectStore {
 public:
  MemoryStore(std::string name, Clock& clock) : name_(std::move(name)), clock_(clock) {}

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
  StoreTraits traits() const override { return {}; }
  std::optional<Timestamp> server_time(std::stop_token stop) override;
  std::string description() const override { return name_ + " (memory)"; }

  /// Damage, for tests: replaces what stands at a key, whatever the contract says.
  void overwrite(const std::string& key, Bytes bytes);

 private:
  struct Object {
    Bytes bytes;
    Timestamp modified;
  };
  std::vector<ObjectInfo> matching(const std::string& prefix, const std::string& start_after);

  const std::string name_;
  Clock& clock_;
  Guarded<std::map<std::string, Object>> objects_;
};

}  // namespace owl::storage
