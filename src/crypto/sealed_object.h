#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "crypto/keys.h"

namespace owl::crypto {

/// What a sealed object is; stands in the clear in its header and is bound into its key. Numbers stay below 32, so that
/// what a key is derived from never begins like that of metadata blobs ("owl1" and a blank).
enum class ObjectType : std::uint8_t {
  manifest = 1,
  void_marker = 2,  ///< fences a lost attempt at a manifest's key
  index = 3,
  pack_directory = 4,
  wal_info = 5,
  lease = 6,
  lease_end = 7,
  trash = 8,
  gone = 9,
  pin = 10,
  record = 11,
  wal_index = 12,
  wal_gap = 13,  ///< that WAL is missing for ever is known
};

/// An object sealed under M, as docs/format.md has it to the byte:
///
///     "OWLM" u8 version=1 u8 type u16 0  u32 epoch  u32 0  salt[32] commitment[32]   (80 bytes)
///     frames: AES-256-GCM of 1 MiB plain each, the last one shorter or not;
///             nonce = counter u64 ‖ u8[3] 0 ‖ u8 last-frame bit, aad = the header
///
/// key ‖ commitment = HKDF-SHA-256(salt, ikm = M's seal key, info = "owl1" ‖ type ‖ repository id ‖ path, 64).
/// The path in the key binds an object to its place: one moved or served for another does not open. The salt also
/// tells a writer whether what stands at a key is its own (`salt_of`).
/// `path` is the object's key in the store, or empty where the format says so (pack directories).
Bytes seal_object(const HostEpoch& epoch, const RepositoryId& repository, ObjectType type, std::string_view path,
                  ByteView plain, Random& random);

inline constexpr std::size_t sealed_header_size = 80;
struct SealedHeader {
  ObjectType type;
  std::uint32_t epoch;
  ByteArray<32> salt;
};
/// Reads the first 80 bytes without any key.
Result<SealedHeader> parse_sealed_header(ByteView object);

/// Opens and authenticates; gives nothing before the last frame has proved that none is missing. Throws
/// Error(integrity) naming `path` when it is damaged, forged, of another type or from another place, and Error(no_key)
/// naming the epoch when `keys` lacks it.
Bytes open_object(const HostKeys& keys, ObjectType type, std::string_view path, ByteView object);

/// The size of the sealed form of that many plain bytes.
std::uint64_t sealed_size(std::uint64_t plain_size);

}  // namespace owl::crypto
