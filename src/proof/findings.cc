#include "proof/findings.h"

#include <fmt/core.h>

namespace owl::proof {

std::string_view to_text(Concern concern) {
  switch (concern) {
    case Concern::backups:
      return "backups";
    case Concern::keys:
      return "keys";
    case Concern::upkeep:
      break;
  }
  return "upkeep";
}

void Findings::add(Damage damage) {
  const std::lock_guard lock(mutex_);
  damage.store = store_;
  monitor_.warning(fmt::format("store {}: {}: {}", damage.store, damage.object, damage.what));
  result_.damages.push_back(std::move(damage));
}

std::set<std::string> Findings::objects() {
  const std::lock_guard lock(mutex_);
  std::set<std::string> out;
  for (const auto& damage : result_.damages) {
    if (damage.store == store_) out.insert(damage.object);
  }
  return out;
}

void Findings::add_backup(const std::string& manifest, const std::set<std::string>& objects) {
  const std::lock_guard lock(mutex_);
  for (auto& damage : result_.damages) {
    if (damage.store == store_ && objects.contains(damage.object)) damage.backups.push_back(manifest);
  }
}

}  // namespace owl::proof
