#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "repository/pack.h"

namespace owl::repository {

/// Consecutive requested entries that are fetched by one request.
struct ReadRange {
  std::size_t first = 0, count = 0;      ///< into the list of requested entries
  std::uint64_t offset = 0, length = 0;  ///< bytes, in the pack
};

/// Joins what lies no further apart than 256 KiB into requests of at most 8 MiB (a single larger blob is one request).
/// Throws Error(integrity) on an entry that the pack does not have; `entries` must be ascending without repeats.
std::vector<ReadRange> plan_ranges(const PackDirectory& directory, std::span<const std::uint32_t> entries);

}  // namespace owl::repository
