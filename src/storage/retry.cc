#include "storage/retry.h"

#include <fmt/core.h>

#include <algorithm>
#include <exception>

#include "storage/forwarding_store.h"

namespace owl::storage {
namespace {

class RetryingStore final : public ForwardingStore {
 public:
  RetryingStore(StorePtr inner, RetryOptions options, Clock& clock, Random& random, std::shared_ptr<Meter> meter)
      : ForwardingStore(std::move(inner)),
        options_(options),
        clock_(clock),
        random_(random),
        meter_(std::move(meter)) {}

  /// Whoever asks for patience means writes, too; and what became of an ambiguous put only a repetition tells.
  StoreTraits traits() const override {
    constexpr int at_least = 3;
    auto traits = ForwardingStore::traits();
    traits.tries = std::max(at_least, options_.retries + 1);
    return traits;
  }
  std::optional<Bytes> get(const std::string& key, std::stop_token stop) override {
    return retrying(&Meter::count_b, stop, [&] { return inner().get(key, stop); });
  }
  std::optional<Bytes> get_range(const std::string& key, ByteRange range, std::stop_token stop) override {
    return retrying(&Meter::count_b, stop, [&] { return inner().get_range(key, range, stop); });
  }
  std::optional<ObjectInfo> stat(const std::string& key, std::stop_token stop) override {
    return retrying(&Meter::count_b, stop, [&] { return inner().stat(key, stop); });
  }
  std::vector<std::string> list_folders(const std::string& prefix, std::stop_token stop) override {
    return retrying(&Meter::count_a, stop, [&] { return inner().list_folders(prefix, stop); });
  }
  void remove(const std::string& key, std::stop_token stop) override {
    retrying(&Meter::count_delete, stop, [&] { inner().remove(key, stop); });
  }
  std::optional<Timestamp> server_time(std::stop_token stop) override {
    return retrying(&Meter::count_b, stop, [&] { return inner().server_time(stop); });
  }
  void list(const std::string& prefix, const std::string& start_after,
            const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) override {
    std::exception_ptr thrown;
    std::string last = start_after;
    const auto deliver = [&](const ObjectInfo& info) {
      last = info.key;
      try {
        return each(info);
      } catch (...) {  // the caller's own failure is no reason to list again
        thrown = std::current_exception();
        return false;
      }
    };
    retrying(&Meter::count_a, stop, [&] { inner().list(prefix, last, deliver, stop); });
    if (thrown) std::rethrow_exception(thrown);
  }

 private:
  using Count = void (Meter::*)();

  template <typename Call>
  std::invoke_result_t<Call> retrying(Count count, const std::stop_token& stop, Call call) {
    for (int attempt = 1;; ++attempt) {
      try {
        return call();
      } catch (Error& error) {
        if (!error.retryable() || attempt > options_.retries) throw told(error, attempt);
        wait(error, attempt, stop);
      }
      if (meter_) {
        meter_->count_retry();
        (*meter_.*count)();
      }
    }
  }
  void wait(const Error& error, int attempt, const std::stop_token& stop) {
    const auto pause = backoff(options_.backoff, attempt, error.retry_after_ms(), random_.u64());
    if (!clock_.sleep(pause, stop)) throw Error(ErrorKind::cancelled, "stopped on request");
  }
  static Error told(Error& error, int attempts) {
    if (attempts > 1 && error.retryable()) error.add_context(fmt::format("after {} tries", attempts));
    return error;
  }

  const RetryOptions options_;
  Clock& clock_;
  Random& random_;
  const std::shared_ptr<Meter> meter_;
};

}  // namespace

StorePtr with_retry(StorePtr inner, RetryOptions options, Clock& clock, Random& random, std::shared_ptr<Meter> meter) {
  return std::make_shared<RetryingStore>(std::move(inner), options, clock, random, std::move(meter));
}

}  // namespace owl::storage
