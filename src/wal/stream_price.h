#pragma once

#include <chrono>
#include <cstdint>

namespace owl::wal {

/// What pieces of the open segment cost at most: one PUT for each interval and store. Storage comes on top, and is
/// little.
struct StreamPrice {
  std::uint64_t puts = 0;  ///< in 30 days
  double r2_dollars = 0, s3_dollars = 0;
};
StreamPrice monthly_price(std::chrono::milliseconds interval, std::size_t stores);

}  // namespace owl::wal
