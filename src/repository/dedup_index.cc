#include <cstring>

#include "repository/index.h"

namespace owl::repository {
namespace {

constexpr std::size_t first_slots = 1024;

std::uint64_t hash_of(const crypto::BlobName& name) {
  std::uint64_t hash = 0;
  std::memcpy(&hash, name.data(), sizeof hash);  // uniform already
  return hash;
}

}  // namespace

std::size_t DedupIndex::slot_of(const crypto::BlobName& name) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash_of(name) & mask;
  while (slots_[at].place.pack != empty && slots_[at].name != name) at = (at + 1) & mask;
  return at;
}

void DedupIndex::grow() {
  std::vector<Slot> old(slots_.empty() ? first_slots : slots_.size() * 2);
  old.swap(slots_);
  for (const auto& slot : old) {
    if (slot.place.pack != empty) slots_[slot_of(slot.name)] = slot;
  }
}

void DedupIndex::add(const crypto::BlobName& name, BlobPlace place, std::uint32_t plain_size) {
  if (used_ + 1 > slots_.size() / 4 * 3) grow();
  auto& slot = slots_[slot_of(name)];
  if (slot.place.pack != empty) return;
  slot = {name, place, plain_size};
  ++used_;
}

std::optional<BlobPlace> DedupIndex::find(const crypto::BlobName& name, std::uint32_t plain_size) const {
  if (slots_.empty()) return std::nullopt;
  const auto& slot = slots_[slot_of(name)];
  if (slot.place.pack == empty || slot.plain_size != plain_size) return std::nullopt;
  return slot.place;
}

}  // namespace owl::repository
