#include "base/clock.h"

#include "base/binary.h"

namespace owl {

std::uint64_t Random::u64() {
  const auto bytes = array<8>();
  return BinaryReader(bytes).u64();
}

std::uint64_t Random::below(std::uint64_t bound) {
  const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;  // rejection: no modulo bias
  std::uint64_t value = u64();
  while (value >= limit) value = u64();
  return value % bound;
}

}  // namespace owl
