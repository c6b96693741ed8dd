#include "codec/page_checksum.h"

#include <cstring>

#include "base/check.h"
#include "codec/page_layout.h"

namespace owl::codec {
namespace {

// The algorithm of src/include/storage/checksum_impl.h: the page is a table of 32 columns of 32-bit words; each column
// is hashed on its own (FNV-1a with an extra shift), so that vector code can do many at once, and the 32 sums are
// folded by XOR.
constexpr std::size_t columns = 32;
constexpr std::size_t row_size = columns * sizeof(std::uint32_t);
constexpr std::uint32_t prime = 16777619;
constexpr std::uint32_t first_sums[columns] = {
    0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
    0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
    0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
    0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756};

/// One row, or a row of sums, as the compiler's own vector: it becomes two, four or eight registers, whatever the
/// function that this is inlined into may use.
typedef std::uint32_t Row __attribute__((vector_size(row_size)));

#define OWL_INLINE inline __attribute__((always_inline))

OWL_INLINE void load(Row& row, const std::uint8_t* from) {
  std::memcpy(&row, from, row_size);
}

OWL_INLINE void mix(Row& sums, const Row& values) {
  const Row mixed = sums ^ values;
  sums = (mixed * prime) ^ (mixed >> 17);
}

OWL_INLINE std::uint32_t hash_page_with(const std::uint8_t* page, std::size_t rows) {
  Row sums, values;
  load(sums, reinterpret_cast<const std::uint8_t*>(first_sums));
  load(values, page);
  values[page_at::checksum / sizeof(std::uint32_t)] &= 0xffff0000;  // the checksum does not cover itself
  mix(sums, values);
  for (std::size_t row = 1; row < rows; ++row) {
    load(values, page + row * row_size);
    mix(sums, values);
  }
  const Row zeros{};
  mix(sums, zeros);
  mix(sums, zeros);
  std::uint32_t result = 0;
  for (std::size_t column = 0; column < columns; ++column) result ^= sums[column];
  return result;
}

std::uint32_t hash_page_base(const std::uint8_t* page, std::size_t rows) {
  return hash_page_with(page, rows);
}

#if defined(__x86_64__)
__attribute__((target("sse4.1"))) std::uint32_t hash_page_sse41(const std::uint8_t* page, std::size_t rows) {
  return hash_page_with(page, rows);
}
__attribute__((target("avx2"))) std::uint32_t hash_page_avx2(const std::uint8_t* page, std::size_t rows) {
  return hash_page_with(page, rows);
}
__attribute__((target("avx512f,prefer-vector-width=512"))) std::uint32_t hash_page_avx512(const std::uint8_t* page,
                                                                                          std::size_t rows) {
  return hash_page_with(page, rows);
}
#endif

using HashPage = std::uint32_t (*)(const std::uint8_t*, std::size_t);

HashPage best_hash_page() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return hash_page_avx512;
  if (__builtin_cpu_supports("avx2")) return hash_page_avx2;
  if (__builtin_cpu_supports("sse4.1")) return hash_page_sse41;
#endif
  return hash_page_base;
}

}  // namespace

std::uint16_t page_checksum(ByteView page, std::uint32_t block) {
  static const HashPage hash_page = best_hash_page();
  OWL_CHECK(page.size() >= 1024 && page.size() % row_size == 0, "a page of a size that PostgreSQL does not have");
  return static_cast<std::uint16_t>((hash_page(page.data(), page.size() / row_size) ^ block) % 65535 + 1);
}

}  // namespace owl::codec
