#include "wal/stream_price.h"

#include <algorithm>

namespace owl::wal {

StreamPrice monthly_price(std::chrono::milliseconds interval, std::size_t stores) {
  constexpr std::chrono::milliseconds month = std::chrono::hours(30 * 24);
  constexpr double r2_each = 4.50 / 1e6, s3_each = 5.00 / 1e6;  // Class A; PUT in us-east-1
  StreamPrice price;
  price.puts = static_cast<std::uint64_t>(month / std::max(interval, std::chrono::milliseconds(1))) * stores;
  price.r2_dollars = static_cast<double>(price.puts) * r2_each;
  price.s3_dollars = static_cast<double>(price.puts) * s3_each;
  return price;
}

}  // namespace owl::wal
