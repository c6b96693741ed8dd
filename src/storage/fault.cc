#include "storage/fault.h"

#include <fmt/core.h>

#include <csignal>
#include <fstream>
#include <functional>

#include "concurrency/guarded.h"
#include "storage/attempt.h"
#include "storage/forwarding_store.h"

namespace owl::storage {
namespace {

using Action = FaultSpec::Action;
using Item = FaultSpec::Item;

/// What is to happen to one operation.
struct Plan {
  std::uint64_t number = 0;
  std::vector<Item> items;
  std::vector<std::function<void()>> landing;  ///< late puts whose time has come

  const Item* find(Action action) const {
    for (const auto& item : items) {
      if (item.action == action) return &item;
    }
    return nullptr;
  }
};

/// splitmix64: the same operations meet the same faults for the same seed.
std::uint64_t scrambled(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Error injected(ErrorKind kind, const std::string& context) {
  return Error(kind, "a fault was injected").with_context(context);
}

class FaultyStore final : public ForwardingStore {
 public:
  FaultyStore(StorePtr inner, FaultSpec spec, Clock& clock)
      : ForwardingStore(std::move(inner)), spec_(std::move(spec)), clock_(clock) {}

  PutOutcome put_once(const std::string& key, std::span<const ByteView> pieces,
                      const std::optional<ByteArray<32>>& sha256, std::stop_token stop) override {
    const auto plan = begin(key);
    if (plan.find(Action::late) != nullptr) remember(plan.number + 2, key, pieces);
    return run(plan, attempt("store", key, description()), stop,
               [&] { return inner().put_once(key, pieces, sha256, stop); });
  }
  std::optional<Bytes> get(const std::string& key, std::stop_token stop) override {
    const auto plan = begin();
    return damaged(plan, run(plan, attempt("read", key, description()), stop, [&] { return inner().get(key, stop); }));
  }
  std::optional<Bytes> get_range(const std::string& key, ByteRange range, std::stop_token stop) override {
    const auto plan = begin();
    return damaged(plan, run(plan, attempt("read", key, description()), stop,
                             [&] { return inner().get_range(key, range, stop); }));
  }
  std::optional<ObjectInfo> stat(const std::string& key, std::stop_token stop) override {
    return run(begin(), attempt("look up", key, description()), stop, [&] { return inner().stat(key, stop); });
  }
  void list(const std::string& prefix, const std::string& start_after,
            const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop) override {
    run(begin(), attempt("list", prefix, description()), stop, [&] { inner().list(prefix, start_after, each, stop); });
  }
  std::vector<std::string> list_folders(const std::string& prefix, std::stop_token stop) override {
    return run(begin(), attempt("list", prefix, description()), stop,
               [&] { return inner().list_folders(prefix, stop); });
  }
  void remove(const std::string& key, std::stop_token stop) override {
    run(begin(), attempt("remove", key, description()), stop, [&] { inner().remove(key, stop); });
  }
  std::optional<Timestamp> server_time(std::stop_token stop) override {
    return run(begin(), attempt("ask the time of", "", description()), stop, [&] { return inner().server_time(stop); });
  }

 private:
  struct Late {
    std::uint64_t lands_before;
    std::function<void()> put;
  };
  struct State {
    std::uint64_t operations = 0;
    std::vector<Late> late;
  };

  Plan begin(std::string_view put_key = {}) {
    auto state = state_.lock();
    Plan plan{.number = ++state->operations, .items = {}, .landing = {}};
    if (!spec_.count_path.empty()) std::ofstream(spec_.count_path, std::ios::trunc) << plan.number << '\n';
    for (std::size_t i = 0; i < spec_.items.size(); ++i) {
      if (strikes(spec_.items[i], i, plan.number, put_key)) plan.items.push_back(spec_.items[i]);
    }
    std::erase_if(state->late, [&](Late& late) {
      if (late.lands_before > plan.number) return false;
      plan.landing.push_back(std::move(late.put));
      return true;
    });
    return plan;
  }
  bool strikes(const Item& item, std::size_t index, std::uint64_t number, std::string_view put_key) const {
    if (!item.put_prefix.empty()) return put_key.starts_with(item.put_prefix);
    if (item.number) return *item.number == number;
    if (item.percent) return scrambled(scrambled(spec_.seed + index) + number) % 100 < *item.percent;
    return true;
  }
  void remember(std::uint64_t lands_before, const std::string& key, std::span<const ByteView> pieces) {
    auto whole = std::make_shared<Bytes>();
    for (const auto piece : pieces) append(*whole, piece);
    const auto put = [this, key, whole] { inner().put_once(key, std::array{ByteView(*whole)}, std::nullopt, {}); };
    state_.lock()->late.push_back({lands_before, put});
  }

  template <typename Call>
  std::invoke_result_t<Call> run(const Plan& plan, const std::string& context, const std::stop_token& stop, Call call) {
    for (const auto& put : plan.landing) put();
    if (const auto* slow = plan.find(Action::slow)) clock_.sleep(slow->delay, stop);
    if (plan.find(Action::kill_before) != nullptr) std::raise(SIGKILL);
    if (const auto* fail = plan.find(Action::fail)) throw injected(fail->kind, context);
    if (plan.find(Action::late) != nullptr) throw injected(ErrorKind::timeout, context);
    if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
      call();
      finish(plan, context);
    } else {
      auto result = call();
      finish(plan, context);
      return result;
    }
  }
  static void finish(const Plan& plan, const std::string& context) {
    if (plan.find(Action::kill_after) != nullptr) std::raise(SIGKILL);
    if (plan.find(Action::cut) != nullptr) throw injected(ErrorKind::transient, context);
  }
  static std::optional<Bytes> damaged(const Plan& plan, std::optional<Bytes> bytes) {
    if (!bytes || bytes->empty()) return bytes;
    if (plan.find(Action::lie) != nullptr) (*bytes)[bytes->size() / 2] ^= 0x10;
    if (plan.find(Action::shorten) != nullptr) bytes->resize(bytes->size() / 2);
    return bytes;
  }

  const FaultSpec spec_;
  Clock& clock_;
  Guarded<State> state_;
};

}  // namespace

StorePtr with_faults(StorePtr inner, FaultSpec spec, Clock& clock) {
  return std::make_shared<FaultyStore>(std::move(inner), std::move(spec), clock);
}

}  // namespace owl::storage
