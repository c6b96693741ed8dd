#include <array>
#include <bit>
#include <cstring>

#include "codec/hash.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

// A CRC register is a polynomial over GF(2), least significant bit first: bit 31 is x^0. Feeding n zero bytes into it
// multiplies it by x^(8n) modulo P. Everything here but the byte loops is that one multiplication.

namespace owl::codec {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // Castagnoli, reflected
constexpr std::uint32_t one = 0x80000000;         // x^0

/// a · b modulo P.
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (std::uint32_t bit = one; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? polynomial : 0);
  }
  return product;
}

/// x^(2^i) for every i that a count of bits can need.
constexpr auto squares = [] {
  std::array<std::uint32_t, 67> table{};
  table[0] = one >> 1;
  for (std::size_t i = 1; i < table.size(); ++i) table[i] = multiply(table[i - 1], table[i - 1]);
  return table;
}();

/// x^(8 · bytes): what that many zero bytes multiply a register by.
constexpr std::uint32_t zero_bytes_factor(std::uint64_t bytes) {
  std::uint32_t factor = one;
  for (std::size_t i = 3; bytes != 0; ++i, bytes >>= 1) {
    if ((bytes & 1) != 0) factor = multiply(factor, squares[i]);
  }
  return factor;
}

using ByteTable = std::array<std::uint32_t, 256>;

constexpr auto slicing_tables = [] {
  std::array<ByteTable, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    for (std::size_t k = 0; k < 8; ++k) tables[k][byte] = multiply(zero_bytes_factor(k + 1), byte);
  }
  return tables;
}();

/// Slicing by eight: for processors without the instruction.
std::uint32_t update_portable(std::uint32_t state, const std::uint8_t* data, std::size_t size) {
  for (; size >= 8; data += 8, size -= 8) {
    std::uint64_t word;
    std::memcpy(&word, data, 8);
    word ^= state;
    state = 0;
    for (std::size_t k = 0; k < 8; ++k) state ^= slicing_tables[7 - k][(word >> (8 * k)) & 0xff];
  }
  for (; size > 0; ++data, --size) state = (state >> 8) ^ slicing_tables[0][(state ^ *data) & 0xff];
  return state;
}

/// Multiplication by a fixed factor as four look-ups.
constexpr std::array<ByteTable, 4> shift_tables(std::uint64_t zero_bytes) {
  std::array<ByteTable, 4> tables{};
  const std::uint32_t factor = zero_bytes_factor(zero_bytes);
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    for (std::size_t k = 0; k < 4; ++k) tables[k][byte] = multiply(factor, byte << (8 * k));
  }
  return tables;
}

std::uint32_t shift(const std::array<ByteTable, 4>& tables, std::uint32_t state) {
  return tables[0][state & 0xff] ^ tables[1][(state >> 8) & 0xff] ^ tables[2][(state >> 16) & 0xff] ^
         tables[3][state >> 24];
}

#if defined(__x86_64__)

template <typename Word = std::uint64_t>
inline Word load(const std::uint8_t* data) {
  Word word;
  std::memcpy(&word, data, sizeof(Word));
  return word;
}

/// The instruction takes three cycles but can start every cycle, so three stretches are run side by side and joined by
/// a shift. Two sizes of stretch: the shorter one serves 8 KiB pages.
template <std::size_t stretch>
__attribute__((target("sse4.2"))) std::uint32_t update_stretches(std::uint32_t state, const std::uint8_t*& data,
                                                                 std::size_t& size) {
  static constexpr auto tables = shift_tables(stretch);
  for (; size >= 3 * stretch; size -= 3 * stretch, data += 3 * stretch) {
    std::uint64_t a = state, b = 0, c = 0;
    for (std::size_t i = 0; i < stretch; i += 8) {
      a = _mm_crc32_u64(a, load(data + i));
      b = _mm_crc32_u64(b, load(data + i + stretch));
      c = _mm_crc32_u64(c, load(data + i + 2 * stretch));
    }
    state = shift(tables, static_cast<std::uint32_t>(a)) ^ static_cast<std::uint32_t>(b);
    state = shift(tables, state) ^ static_cast<std::uint32_t>(c);
  }
  return state;
}

__attribute__((target("sse4.2"))) std::uint32_t update_sse42(std::uint32_t state, const std::uint8_t* data,
                                                             std::size_t size) {
  state = update_stretches<8192>(state, data, size);
  state = update_stretches<512>(state, data, size);
  std::uint64_t wide = state;
  for (; size >= 8; data += 8, size -= 8) wide = _mm_crc32_u64(wide, load(data));
  state = static_cast<std::uint32_t>(wide);
  if (size >= 4) {  // WAL is checked record by record: their ends count
    state = _mm_crc32_u32(state, load<std::uint32_t>(data));
    data += 4;
    size -= 4;
  }
  for (; size > 0; ++data, --size) state = _mm_crc32_u8(state, *data);
  return state;
}

#endif

using Update = std::uint32_t (*)(std::uint32_t, const std::uint8_t*, std::size_t);

Update best_update() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return update_sse42;
#endif
  return update_portable;
}

}  // namespace

namespace detail {
std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t crc) {
  return ~update_portable(~crc, bytes.data(), bytes.size());
}
}  // namespace detail

std::uint32_t crc32c(ByteView bytes, std::uint32_t crc) {
  static const Update update = best_update();
  return ~update(~crc, bytes.data(), bytes.size());
}

std::uint32_t crc32c_combine(std::uint32_t crc_a, std::uint32_t crc_b, std::uint64_t length_b) {
  // The initial and final inversions of B cancel out against those of A.
  return multiply(zero_bytes_factor(length_b), crc_a) ^ crc_b;
}

Crc32cJoiner::Crc32cJoiner(std::uint64_t length_b) : tables_(shift_tables(length_b)) {}

std::uint32_t Crc32cJoiner::join(std::uint32_t crc_a, std::uint32_t crc_b) const {
  return shift(tables_, crc_a) ^ crc_b;
}

std::uint32_t crc32c_zeros(std::uint64_t length) {
  return ~multiply(zero_bytes_factor(length), 0xffffffff);
}

}  // namespace owl::codec
