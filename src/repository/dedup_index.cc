#include "repository/dedup_index.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "os/file.h"
#include "os/os_error.h"

namespace owl::repository {
namespace {

struct Slot {
  crypto::BlobName name{};
  BlobPlace place;
  std::uint32_t plain_size = 0;
};
static_assert(sizeof(Slot) == 28);

constexpr std::size_t bucket_bytes = 4096, bucket_slots = 146, first_buckets = 8;

/// Filled from the front; one that is full goes on in the next.
struct alignas(8) Bucket {
  std::uint32_t used = 0, unused = 0;
  std::array<Slot, bucket_slots> slots{};
};
static_assert(sizeof(Bucket) == bucket_bytes);

std::uint64_t hash_of(const crypto::BlobName& name) {
  std::uint64_t hash = 0;
  std::memcpy(&hash, name.data(), sizeof hash);  // uniform already
  return hash;
}

}  // namespace

/// The table itself, a power of two of buckets, in memory or in a file of which one bucket at a time is in memory. A
/// bucket that `at` gave stays good until the next call.
class DedupIndex::Buckets {
 public:
  explicit Buckets(std::size_t count) : count_(count), memory_(count) {}
  Buckets(std::size_t count, const std::filesystem::path& folder)
      : count_(count), spill_(os::make_nameless_file(folder, "the index of what is stored")) {
    const auto bytes = static_cast<off_t>(count * bucket_bytes);
    if (::ftruncate(spill_.file.get(), bytes) != 0) os::throw_errno("enlarge", spill_.name);
  }

  std::size_t count() const { return count_; }
  bool in_file() const { return spill_.file.valid(); }
  /// By the name's highest bits: twice as many buckets keep the order, so that a table grows from front to back.
  std::size_t home_of(const crypto::BlobName& name) const {
    return static_cast<std::size_t>(hash_of(name) >> (64 - std::countr_zero(count_)));
  }

  Bucket& at(std::size_t i) {
    if (!in_file()) return memory_[i];
    if (i != loaded_) load(i);
    return window_;
  }
  /// Puts a slot into its home bucket or the next one with room.
  void put(const Slot& slot) {
    auto i = home_of(slot.name);
    while (at(i).used == bucket_slots) i = (i + 1) % count_;
    auto& bucket = at(i);
    bucket.slots[bucket.used++] = slot;
    is_changed_ = true;
  }

 private:
  void load(std::size_t i) {
    if (is_changed_) os::write_at(spill_.file, window(), loaded_ * bucket_bytes, spill_.name);
    is_changed_ = false;
    loaded_ = none;
    os::read_at(spill_.file, window(), i * bucket_bytes, spill_.name);
    loaded_ = i;
  }

  MutableBytes window() { return {reinterpret_cast<std::uint8_t*>(&window_), bucket_bytes}; }

  static constexpr std::size_t none = SIZE_MAX;
  std::size_t count_;
  std::vector<Bucket> memory_;
  os::NamelessFile spill_;  ///< valid: where it is instead
  Bucket window_;
  std::size_t loaded_ = none;
  bool is_changed_ = false;  ///< in a file: of the window
};

DedupIndex::DedupIndex() : DedupIndex(Limits{}) {}
DedupIndex::DedupIndex(Limits limits)
    : limits_(std::move(limits)), buckets_(std::make_unique<Buckets>(first_buckets)) {}
DedupIndex::DedupIndex(DedupIndex&&) noexcept = default;
DedupIndex::~DedupIndex() = default;

bool DedupIndex::in_file() const {
  return buckets_->in_file();
}

void DedupIndex::grow() {
  const auto count = buckets_->count() * 2;
  const bool to_file = count * bucket_bytes > limits_.memory_bytes;
  auto larger = to_file ? std::make_unique<Buckets>(count, limits_.folder) : std::make_unique<Buckets>(count);
  for (std::size_t i = 0; i < buckets_->count(); ++i) {
    const auto& bucket = buckets_->at(i);
    for (std::uint32_t k = 0; k < bucket.used; ++k) larger->put(bucket.slots[k]);
  }
  buckets_ = std::move(larger);
}

void DedupIndex::add(const crypto::BlobName& name, BlobPlace place, std::uint32_t plain_size) {
  if (used_ + 1 > buckets_->count() * bucket_slots / 4 * 3) grow();
  buckets_->put({name, place, plain_size});
  ++used_;
}

void DedupIndex::exclude(std::uint32_t pack) {
  if (pack >= excluded_.size()) excluded_.resize(pack + 1);
  excluded_[pack] = true;
}

void DedupIndex::include(std::uint32_t pack) {
  if (pack < excluded_.size()) excluded_[pack] = false;
}

std::optional<BlobPlace> DedupIndex::find(const crypto::BlobName& name, std::uint32_t plain_size) {
  for (auto i = buckets_->home_of(name);; i = (i + 1) % buckets_->count()) {
    const auto& bucket = buckets_->at(i);
    for (std::uint32_t k = 0; k < bucket.used; ++k) {
      const auto& slot = bucket.slots[k];
      if (slot.name != name || slot.plain_size != plain_size) continue;
      if (slot.place.pack >= excluded_.size() || !excluded_[slot.place.pack]) return slot.place;
    }
    if (bucket.used < bucket_slots) return std::nullopt;
  }
}

}  // namespace owl::repository
