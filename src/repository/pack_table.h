#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "repository/object_keys.h"

namespace owl::repository {

/// One run's numbers for packs: those that were there before, and those that it fills, whose id is known only once they
/// are whole. A reference that `at` gave stays good. Thread-safe.
class PackTable {
 public:
  /// A pack that is stored already. The same pack gets the same number each time.
  std::uint32_t add(const PackRef& pack);
  /// A pack that is being filled.
  std::uint32_t begin();
  /// It is stored now. Once for each `begin`.
  void finish(std::uint32_t number, const PackRef& pack);
  bool is_finished(std::uint32_t number) const;
  /// A bug to ask for a pack that is not finished.
  const PackRef& at(std::uint32_t number) const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::optional<PackRef>> packs_;
  std::map<PackId, std::uint32_t> numbers_;
};

}  // namespace owl::repository
