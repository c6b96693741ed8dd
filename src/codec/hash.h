#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace owl::codec {

using Sha256Digest = ByteArray<32>;

/// SHA-256 (FIPS 180-4) in pieces. A copy continues from the same state, so that the digest of a prefix can be taken
/// on the way. One thread at a time.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(ByteView bytes);
  Sha256Digest digest() const;  ///< of all so far; more may follow

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest sha256(ByteView bytes);
/// HMAC (RFC 2104) with SHA-256.
Sha256Digest hmac_sha256(ByteView key, ByteView bytes);

/// CRC-32C (Castagnoli), as PostgreSQL's pg_crc32c: `crc` is the finished value of what came before, 0 at first.
std::uint32_t crc32c(ByteView bytes, std::uint32_t crc = 0);
/// The CRC-32C of A followed by B, from those of A and of B and the length of B: how the checksum of a whole file is
/// put together from its pages.
std::uint32_t crc32c_combine(std::uint32_t crc_a, std::uint32_t crc_b, std::uint64_t length_b);
/// crc32c_combine for many B of one length: by table, in a few nanoseconds each.
class Crc32cJoiner {
 public:
  explicit Crc32cJoiner(std::uint64_t length_b);
  std::uint32_t join(std::uint32_t crc_a, std::uint32_t crc_b) const;

 private:
  std::array<std::array<std::uint32_t, 256>, 4> tables_;
};
/// CRC-32C of that many zero bytes.
std::uint32_t crc32c_zeros(std::uint64_t length);
namespace detail {
/// crc32c without the processor's own instruction.
std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t crc = 0);
}  // namespace detail

/// XXH3, 64 bits. Not for bytes that an attacker chooses.
std::uint64_t xxh3_64(ByteView bytes);

std::string to_base64(ByteView bytes);
Result<Bytes> from_base64(std::string_view text);

}  // namespace owl::codec
