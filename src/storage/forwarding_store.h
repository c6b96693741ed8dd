#pragma once

#include "storage/object_store.h"

namespace owl::storage {

/// Passes everything on: what a wrapper builds on, so that it says only what it changes.
class ForwardingStore : public ObjectStore {
 public:
  explicit ForwardingStore(StorePtr inner) : inner_(std::move(inner)) {}

  using ObjectStore::put_once;
  PutOutcome put_once(const std::string& key, std::span<const ByteView> pieces,
                      const std::optional<ByteArray<32>>& sha256, std::stop_token stop) override {
    return inner_->put_once(key, pieces, sha256, std::move(stop));
  }
  std::optional<Bytes> get(const std::string& key, std::stop_token stop) override {
    return inner_->get(key, std::move(stop));
  }
  std::optional<Bytes> get_range(const std::string& key, ByteRange range, std::stop_token stop) override {
    return inner_->get_range(key, range, std::move(stop));
  }
  std::optional<ObjectInfo> stat(const std::string& key, std::stop_token stop) override {
    return inner_->stat(key, std::move(stop));
  }
  void list(const std::string& prefix, const std::string& start_after,
            const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) override {
    inner_->list(prefix, start_after, each, std::move(stop));
  }
  std::vector<std::string> list_folders(const std::string& prefix, std::stop_token stop) override {
    return inner_->list_folders(prefix, std::move(stop));
  }
  void remove(const std::string& key, std::stop_token stop) override { inner_->remove(key, std::move(stop)); }
  StoreTraits traits() const override { return inner_->traits(); }
  std::optional<Timestamp> server_time(std::stop_token stop) override { return inner_->server_time(std::move(stop)); }
  std::string description() const override { return inner_->description(); }

 protected:
  ObjectStore& inner() { return *inner_; }

 private:
  StorePtr inner_;
};

}  // namespace owl::storage
