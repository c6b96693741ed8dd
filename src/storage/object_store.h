#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace owl::storage {

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;  ///< bytes
  Timestamp modified;      ///< by the store's own clock; whole seconds on S3
};

enum class PutOutcome { stored, already_exists };

/// Part of an object: `length` bytes from `offset`, or, when `offset` is nullopt, the last `length` bytes.
struct ByteRange {
  std::optional<std::uint64_t> offset;
  std::uint64_t length;
};

/// What a store is able to do, asked rather than assumed.
struct StoreTraits {
  bool create_once = true;                  ///< conditional PUT is honoured; without it only one writer is safe
  std::chrono::milliseconds visibility{0};  ///< how late another host may see a new name (network folders: 120 s)
  std::uint64_t max_put_bytes = std::uint64_t{4'900} << 20;
  int tries = 5;  ///< how often `create` (write_once.h) puts an object before it gives up
};

/// Named, immutable bytes: the one interface to every store. It can't tell a WAL segment from a pack.
///
/// Contract, checked by tests/conformance for every implementation:
///  - Keys are 1-1024 bytes of [A-Za-z0-9._~-] and '/', no empty, "." or ".." component, no leading or trailing '/'.
///  - `put_once` creates the object or says that the key is taken; it never overwrites. When it returns `stored`, the
///    object is durable, whole, and visible to every later call of anybody (on network folders: after `visibility`).
///    A crash at any point leaves the object absent or whole.
///  - After an exception from `put_once` the object may or may not exist (see `create` in write_once.h).
///  - `list` is complete and sees every put and remove that finished before it began.
///  - Errors: unreachable, denied, throttled, transient, timeout, disk_full, integrity (bytes differ from what was sent
///    or announced), cancelled. Each message names the store and the key.
/// Thread-safe. Every call ends soon after `stop` is requested (Error cancelled).
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// Stores the pieces, one after the other, as one object. `sha256` is that of the whole, where the caller has it: the
  /// store then needs no pass of its own, and one that bytes travel to verifies that what arrived is what was meant
  /// (integrity). A folder doesn't: nothing travels, and hashing everything twice would cost more than it could find.
  virtual PutOutcome put_once(const std::string& key, std::span<const ByteView> pieces,
                              const std::optional<ByteArray<32>>& sha256, std::stop_token stop) = 0;
  PutOutcome put_once(const std::string& key, ByteView bytes, std::stop_token stop = {});

  /// nullopt: no such object.
  virtual std::optional<Bytes> get(const std::string& key, std::stop_token stop = {}) = 0;
  /// Fewer bytes than asked for only where the object ends. nullopt: no such object.
  virtual std::optional<Bytes> get_range(const std::string& key, ByteRange range, std::stop_token stop = {}) = 0;
  virtual std::optional<ObjectInfo> stat(const std::string& key, std::stop_token stop = {}) = 0;

  /// Every object whose key begins with `prefix`, in byte order of the keys, from the first one greater than
  /// `start_after`. The callback returns false to end early.
  virtual void list(const std::string& prefix, const std::string& start_after,
                    const std::function<bool(const ObjectInfo&)>& each, std::stop_token stop = {}) = 0;
  /// The next path components under `prefix` (which ends in '/' or is empty): names of "folders", sorted, without '/'.
  virtual std::vector<std::string> list_folders(const std::string& prefix, std::stop_token stop = {}) = 0;

  /// Removes; an absent object is fine.
  virtual void remove(const std::string& key, std::stop_token stop = {}) = 0;

  virtual StoreTraits traits() const = 0;
  /// The store's own clock, where it tells one cheaply (S3's Date header); else nullopt.
  virtual std::optional<Timestamp> server_time(std::stop_token stop = {}) = 0;
  /// For messages: "primary (s3://bucket/prefix)". Never holds a secret.
  virtual std::string description() const = 0;
};

using StorePtr = std::shared_ptr<ObjectStore>;

/// Does this text keep the contract for keys? What a listing shows beside them is somebody else's and is left out.
bool is_key(std::string_view text);
/// Throws Error(usage) on a key that breaks the contract.
void check_key(std::string_view key);

std::uint64_t total_size(std::span<const ByteView> pieces);
/// Collects `list`.
std::vector<ObjectInfo> list_all(ObjectStore& store, const std::string& prefix, std::stop_token stop = {});
/// Throws Error(integrity) naming store and key where the object is absent.
Bytes get_required(ObjectStore& store, const std::string& key, std::stop_token stop = {});

}  // namespace owl::storage
