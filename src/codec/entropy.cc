#include "codec/entropy.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace owl::codec {
namespace {

/// n × log2(n) in 1/256 bits, for the counts that a sample may have.
struct Costs {
  std::array<std::uint32_t, ByteHistogram::most + 1> of{};
  Costs() {
    for (std::size_t n = 2; n < of.size(); ++n) {
      of[n] = static_cast<std::uint32_t>(256.0 * static_cast<double>(n) * std::log2(static_cast<double>(n)));
    }
  }
};

}  // namespace

unsigned ByteHistogram::bits() const {
  static const Costs costs;
  OWL_CHECK(total_ <= most, "a sample larger than its table");
  if (total_ == 0) return 0;
  std::uint32_t sum = 0;
  for (const auto count : counts_) sum += costs.of[count];
  return costs.of[total_] > sum ? (costs.of[total_] - sum) / total_ : 0;
}

std::size_t entropy_class(ByteView bytes) {
  constexpr std::size_t pieces = 8, most_of_a_piece = ByteHistogram::most / pieces;
  ByteHistogram histogram;
  const std::size_t piece = std::min(most_of_a_piece, bytes.size() / pieces);
  const std::size_t step = (bytes.size() - piece) / (pieces - 1);
  for (std::size_t i = 0; i < pieces; ++i) {
    for (const auto byte : bytes.subspan(i * step, piece)) histogram.add(byte);
  }
  return entropy_class_of(histogram.bits());
}

}  // namespace owl::codec
