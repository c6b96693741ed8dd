#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "crypto/keys.h"

namespace owl::crypto {

/// What a blob holds. Part of its name and of its seal; the numbers are part of the repository format.
enum class BlobKind : std::uint8_t {
  pages = 1,     ///< whole pages of a cluster's relations
  bytes = 2,     ///< other bytes: small files of a cluster, files, dumps
  metadata = 3,  ///< leaves of extent maps, trees: sealed under M
  wal = 4,       ///< a WAL segment (the tag in its info section)
};

/// The keyed name of plain bytes: 16 bytes that tell nothing without the key and never leave sealed metadata.
using BlobName = ByteArray<16>;

/// Names bytes. Pages and WAL, at memory speed: AES-256(prf key, GMAC(gmac key, nonce 0, bytes ‖ kind u8 ‖ u8[7] 0 ‖
/// length u64)). Everything else: the first 16 bytes of HMAC-SHA-256(hmac key, kind u8 ‖ length u64 ‖ bytes). Why both
/// are safe where they are used is in docs/threat-model.md. One thread at a time; make one for each worker.
class Namer {
 public:
  explicit Namer(const NamingKeys& keys);
  Namer(Namer&&) noexcept;
  ~Namer();
  BlobName name(BlobKind kind, ByteView plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 16 hexadecimal digits of HMAC-SHA-256(tag key, kind ‖ 0 ‖ name): stands for a source's name in object paths.
std::string path_id(const SecretKey& tag_key, std::string_view kind, std::string_view name);

}  // namespace owl::crypto
