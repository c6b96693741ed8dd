#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "base/clock.h"
#include "crypto/test_support.h"
#include "observe/monitor.h"
#include "os/test_support.h"
#include "repository/backup_session.h"
#include "repository/blob_reader.h"
#include "repository/catalogue.h"
#include "storage/memory_store.h"
#include "storage/test_support.h"

/// For unit tests only.
namespace owl::repository::test {

/// Time that `advance` moves. Short pauses (between attempts) move it themselves; a longer one waits until that much
/// has been advanced, or for the stop. Thread-safe.
class TestClock final : public Clock {
 public:
  Timestamp now() const override;
  std::chrono::nanoseconds monotonic() const override;
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override;
  void advance(std::chrono::nanoseconds duration);
  /// Waits, in real time, until that many threads are in a long sleep.
  void wait_for_sleepers(int count);

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::chrono::nanoseconds elapsed_{0};
  std::multiset<std::chrono::nanoseconds> alarms_;  ///< when each long sleep ends
};

/// The end of a process, as a test can have it: nothing that catches errors of stores catches this.
struct Crash : std::exception {
  const char* what() const noexcept override { return "the process died"; }
};

struct Operation {
  std::string verb;  ///< put, get, range, stat, list, folders, remove
  std::string store, key;
};

/// A store that tells a test of each operation, before and after it is done; what the test throws then, the caller
/// meets.
class HookedStore final : public storage::ObjectStore {
 public:
  using Hook = std::function<void(const Operation&)>;
  struct Hooks {
    Hook before, after;
  };

  HookedStore(std::string name, storage::StorePtr inner, const Hooks& hooks)
      : name_(std::move(name)), inner_(std::move(inner)), hooks_(hooks) {}

  using ObjectStore::put_once;
  storage::PutOutcome put_once(const std::string& key, std::span<const ByteView> pieces,
                               const std::optional<ByteArray<32>>& sha256, std::stop_token stop) override {
    return around("put", key, [&] { return inner_->put_once(key, pieces, sha256, stop); });
  }
  std::optional<Bytes> get(const std::string& key, std::stop_token stop) override {
    return around("get", key, [&] { return inner_->get(key, stop); });
  }
  std::optional<Bytes> get_range(const std::string& key, storage::ByteRange range, std::stop_token stop) override {
    return around("range", key, [&] { return inner_->get_range(key, range, stop); });
  }
  std::optional<storage::ObjectInfo> stat(const std::string& key, std::stop_token stop) override {
    return around("stat", key, [&] { return inner_->stat(key, stop); });
  }
  void list(const std::string& prefix, const std::string& start_after,
            const std::function<bool(const storage::ObjectInfo&)>& each, std::stop_token stop) override {
    around("list", prefix, [&] {
      inner_->list(prefix, start_after, each, stop);
      return 0;
    });
  }
  std::vector<std::string> list_folders(const std::string& prefix, std::stop_token stop) override {
    return around("folders", prefix, [&] { return inner_->list_folders(prefix, stop); });
  }
  void remove(const std::string& key, std::stop_token stop) override {
    around("remove", key, [&] {
      inner_->remove(key, stop);
      return 0;
    });
  }
  storage::StoreTraits traits() const override { return inner_->traits(); }
  std::optional<Timestamp> server_time(std::stop_token stop) override { return inner_->server_time(stop); }
  std::string description() const override { return inner_->description(); }

 private:
  template <typename Body>
  std::invoke_result_t<Body&> around(std::string_view verb, const std::string& key, Body body) {
    const Operation operation{std::string(verb), name_, key};
    if (hooks_.before) hooks_.before(operation);
    auto result = body();
    if (hooks_.after) hooks_.after(operation);
    return result;
  }

  const std::string name_;
  const storage::StorePtr inner_;
  const Hooks& hooks_;
};

/// What a test backup found and did.
struct Ran {
  BackupSession::Committed committed;
  std::size_t stored_blobs = 0;  ///< data blobs that were not known
};

/// Two stores in memory with one host that backs up to them. `hooks` see what the host's sessions do, not what `raw`
/// does.
class Bench {
 public:
  explicit Bench(std::vector<std::string> names = {"a", "b"});

  /// What sessions use; the same objects behind it are `raw(name)`. Each call: a set with nobody dropped.
  StoreSet stores();
  /// The same without hooks.
  StoreSet raw_stores();
  storage::MemoryStore& raw(const std::string& name) { return *memory_.at(name); }
  StoreSet::Member raw_member(const std::string& name) { return {name, memory_.at(name), nullptr}; }

  /// Backs up the blobs: a leaf names the place of each, the manifest names the leaf.
  Ran back_up(StoreSet& stores, const std::vector<Bytes>& blobs, std::stop_token stop = {});
  Ran back_up(const std::vector<Bytes>& blobs);
  /// Between begin and commit.
  std::function<void(BackupSession&)> before_commit;
  std::function<void(StoreSet::Member&)> ready_in;

  /// Every listed backup's blobs, read back and checked, oldest first. Throws where one is not whole.
  std::vector<std::vector<Bytes>> read_all();
  std::vector<std::vector<Bytes>> read_all(const std::vector<std::string>& names);

  /// Keys under a prefix in one store.
  std::vector<std::string> keys_in(const std::string& store, const std::string& prefix);
  /// Names of the data blobs in packs that stand in every store.
  std::set<crypto::BlobName> blobs_everywhere();

  SessionOptions options();

  os::test::TemporaryFolder state;
  TestClock clock;
  storage::FakeRandom random{7};
  crypto::HostKeys keys = crypto::test_host_keys();
  std::vector<crypto::EpochSecrets> secrets{crypto::test_secrets()};
  RecordingMonitor monitor;
  HookedStore::Hooks hooks;

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::shared_ptr<storage::MemoryStore>> memory_;
};

/// Blobs without a pattern, each of its own: about `size` bytes.
std::vector<Bytes> some_blobs(std::size_t count, std::size_t size = 3000, unsigned seed = 1);

/// One sweep in one store as the rules have it: trash, leases ended or fenced, manifests, delete, index, trash away.
void sweep(Bench& bench, const std::string& store);

}  // namespace owl::repository::test
