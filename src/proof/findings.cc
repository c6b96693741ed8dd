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

}  // namespace owl::proof
