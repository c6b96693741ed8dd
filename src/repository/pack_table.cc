#include "repository/pack_table.h"

#include "base/check.h"

namespace owl::repository {

std::uint32_t PackTable::add(const PackRef& pack) {
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = numbers_.try_emplace(pack.id, static_cast<std::uint32_t>(packs_.size()));
  if (is_new) packs_.emplace_back(pack);
  return at->second;
}

std::uint32_t PackTable::begin() {
  const std::lock_guard lock(mutex_);
  packs_.emplace_back();
  return static_cast<std::uint32_t>(packs_.size() - 1);
}

void PackTable::finish(std::uint32_t number, const PackRef& pack) {
  const std::lock_guard lock(mutex_);
  OWL_CHECK(number < packs_.size() && !packs_[number], "a pack is finished once, after it was begun");
  packs_[number] = pack;
  numbers_.emplace(pack.id, number);
}

bool PackTable::is_finished(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  return number < packs_.size() && packs_[number];
}

const PackRef& PackTable::at(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  OWL_CHECK(number < packs_.size() && packs_[number],
            "a pack has an id only once it is stored: flush_data comes first");
  return *packs_[number];
}

}  // namespace owl::repository
