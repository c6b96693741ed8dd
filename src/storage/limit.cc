#include "storage/limit.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/error.h"
#include "storage/forwarding_store.h"
#include "storage/rate_limit.h"

namespace owl::storage {
namespace {

/// A counted number of places; waiting for one ends with a stop.
class Places {
 public:
  explicit Places(unsigned count) : free_(std::max(1u, count)) {}

  class Held {
   public:
    explicit Held(Places& places) : places_(places) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { places_.give_back(); }

   private:
    Places& places_;
  };

  Held take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return free_ > 0; })) {
      throw Error(ErrorKind::cancelled, "stopped on request");
    }
    --free_;
    return Held(*this);
  }

 private:
  void give_back() {
    const std::lock_guard lock(mutex_);
    ++free_;
    changed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  unsigned free_;
};

/// `list` is passed on as it is: its callback may call back into this store, which would then wait for itself.
class LimitedStore final : public ForwardingStore {
 public:
  LimitedStore(StorePtr inner, const LimitOptions& options, Clock& clock)
      : ForwardingStore(std::move(inner)),
        places_(options.connections),
        up_(clock, options.upload_bytes_per_second),
        down_(clock, options.download_bytes_per_second) {}

  PutOutcome put_once(const std::string& key, std::span<const ByteView> pieces,
                      const std::optional<ByteArray<32>>& sha256, std::stop_token stop) override {
    const auto place = places_.take(stop);
    up_.pass(total_size(pieces), stop);
    return inner().put_once(key, pieces, sha256, stop);
  }
  std::optional<Bytes> get(const std::string& key, std::stop_token stop) override {
    return downloading(stop, [&] { return inner().get(key, stop); });
  }
  std::optional<Bytes> get_range(const std::string& key, ByteRange range, std::stop_token stop) override {
    return downloading(stop, [&] { return inner().get_range(key, range, stop); });
  }
  std::optional<ObjectInfo> stat(const std::string& key, std::stop_token stop) override {
    const auto place = places_.take(stop);
    return inner().stat(key, stop);
  }
  std::vector<std::string> list_folders(const std::string& prefix, std::stop_token stop) override {
    const auto place = places_.take(stop);
    return inner().list_folders(prefix, stop);
  }
  void remove(const std::string& key, std::stop_token stop) override {
    const auto place = places_.take(stop);
    inner().remove(key, stop);
  }

 private:
  template <typename Call>
  std::optional<Bytes> downloading(const std::stop_token& stop, Call call) {
    const auto place = places_.take(stop);
    down_.wait(stop);
    auto bytes = call();
    if (bytes) down_.charge(bytes->size());
    return bytes;
  }

  Places places_;
  RateLimit up_, down_;
};

}  // namespace

StorePtr limited(StorePtr inner, LimitOptions options, Clock& clock) {
  return std::make_shared<LimitedStore>(std::move(inner), options, clock);
}

}  // namespace owl::storage
