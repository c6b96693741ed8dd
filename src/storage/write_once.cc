#include "storage/write_once.h"

#include <fmt/core.h>

#include <algorithm>

#include "storage/attempt.h"
#include "storage/backoff.h"

namespace owl::storage {
namespace {

Bytes first_bytes(std::span<const ByteView> pieces, std::size_t size) {
  Bytes bytes;
  for (const auto piece : pieces) append(bytes, piece.first(std::min(piece.size(), size - bytes.size())));
  return bytes;
}

/// The bytes that identify the object are random enough to wait by.
std::uint64_t jitter_from(ByteView identity, int attempt) {
  std::uint64_t hash = 0xcbf29ce484222325u + static_cast<std::uint64_t>(attempt);
  for (const auto byte : identity) hash = (hash ^ byte) * 0x100000001b3u;
  return hash ^ hash >> 32;
}

class Creation {
 public:
  Creation(ObjectStore& store, const std::string& key, std::span<const ByteView> pieces,
           const std::optional<ByteArray<32>>& sha256, Bytes identity)
      : store_(store), key_(key), pieces_(pieces), sha256_(sha256), identity_(std::move(identity)) {}

  /// nullopt: it stood there a moment ago, and no longer does.
  std::optional<CreateResult> try_once(const std::stop_token& stop) {
    if (store_.put_once(key_, pieces_, sha256_, stop) == PutOutcome::stored) return CreateResult::created;
    const auto there = store_.get_range(key_, {0, std::max<std::size_t>(identity_.size(), 1)}, stop);
    if (!there) return std::nullopt;
    return equal(*there, identity_) ? CreateResult::created : CreateResult::other_stands;
  }
  ByteView identity() const { return identity_; }

 private:
  ObjectStore& store_;
  const std::string& key_;
  const std::span<const ByteView> pieces_;
  const std::optional<ByteArray<32>>& sha256_;
  const Bytes identity_;
};

Error undecided(ObjectStore& store, const std::string& key, int attempts, const std::optional<Error>& last) {
  auto error = last.value_or(Error(ErrorKind::transient, "it appears and disappears"));
  if (!last) error.add_context(attempt("store", key, store.description()));
  error.add_context(fmt::format("whether it is stored is not known after {} tries", attempts));
  return error;
}

}  // namespace

CreateResult create(ObjectStore& store, Clock& clock, const std::string& key, std::span<const ByteView> pieces,
                    std::size_t identity_size, const std::optional<ByteArray<32>>& sha256, std::stop_token stop) {
  const int attempts = store.traits().tries;
  Creation creation(store, key, pieces, sha256, first_bytes(pieces, identity_size));
  std::optional<Error> last;
  for (int attempt = 1; attempt <= attempts; ++attempt) {
    try {
      last.reset();
      if (const auto result = creation.try_once(stop)) return *result;
    } catch (const Error& error) {
      if (!error.retryable()) throw;
      last = error;
    }
    if (attempt == attempts) break;
    const auto pause =
        backoff({}, attempt, last ? last->retry_after_ms() : 0, jitter_from(creation.identity(), attempt));
    if (!clock.sleep(pause, stop)) throw Error(ErrorKind::cancelled, "stopped on request");
  }
  throw undecided(store, key, attempts, last);
}

}  // namespace owl::storage
