#include "storage/meter.h"

#include "storage/forwarding_store.h"

namespace owl::storage {
namespace {

constexpr std::uint64_t keys_a_page = 1000;

class MeteredStore final : public ForwardingStore {
 public:
  MeteredStore(StorePtr inner, std::shared_ptr<Meter> meter)
      : ForwardingStore(std::move(inner)), meter_(std::move(meter)) {}

  PutOutcome put_once(const std::string& key, std::span<const ByteView> pieces,
                      const std::optional<ByteArray<32>>& sha256, std::stop_token stop) override {
    meter_->count_a();  // also where it fails: a refused condition is billed
    meter_->add_up(total_size(pieces));
    return inner().put_once(key, pieces, sha256, std::move(stop));
  }
  std::optional<Bytes> get(const std::string& key, std::stop_token stop) override {
    meter_->count_b();
    return weighed(inner().get(key, std::move(stop)));
  }
  std::optional<Bytes> get_range(const std::string& key, ByteRange range, std::stop_token stop) override {
    meter_->count_b();
    return weighed(inner().get_range(key, range, std::move(stop)));
  }
  std::optional<ObjectInfo> stat(const std::string& key, std::stop_token stop) override {
    meter_->count_b();
    return inner().stat(key, std::move(stop));
  }
  void list(const std::string& prefix, const std::string& start_after,
            const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) override {
    meter_->count_a();
    std::uint64_t seen = 0;
    const auto counted = [&](const ObjectInfo& info) {
      if (seen > 0 && seen % keys_a_page == 0) meter_->count_a();
      ++seen;
      return each(info);
    };
    inner().list(prefix, start_after, counted, std::move(stop));
  }
  std::vector<std::string> list_folders(const std::string& prefix, std::stop_token stop) override {
    meter_->count_a();
    auto folders = inner().list_folders(prefix, std::move(stop));
    for (std::uint64_t more = keys_a_page; more < folders.size(); more += keys_a_page) meter_->count_a();
    return folders;
  }
  void remove(const std::string& key, std::stop_token stop) override {
    meter_->count_delete();
    inner().remove(key, std::move(stop));
  }

 private:
  std::optional<Bytes> weighed(std::optional<Bytes> bytes) {
    if (bytes) meter_->add_down(bytes->size());
    return bytes;
  }

  const std::shared_ptr<Meter> meter_;
};

}  // namespace

MeterReading Meter::read() const {
  return {class_a_.load(), class_b_.load(), deletes_.load(), bytes_up_.load(), bytes_down_.load(), retries_.load()};
}

StorePtr metered(StorePtr inner, std::shared_ptr<Meter> meter) {
  return std::make_shared<MeteredStore>(std::move(inner), std::move(meter));
}

}  // namespace owl::storage
