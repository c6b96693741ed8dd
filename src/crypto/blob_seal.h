#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "codec/zstd.h"
#include "crypto/hpke.h"
#include "crypto/keys.h"
#include "crypto/names.h"

namespace owl::crypto {

/// What a pack's directory keeps of one seal context, so that its blobs can be opened, and moved to other packs
/// verbatim by somebody who can't open them.
struct SealContextRecord {
  enum class Kind : std::uint8_t { data = 1, metadata = 2 };  ///< to the epoch's public key; under M
  Kind kind = Kind::data;
  std::uint32_t epoch = 0;
  ByteArray<16> id{};
  ByteArray<32> encapsulated_key{};  ///< HPKE's enc; zero for metadata
};

/// What is bound to a blob's ciphertext: never its pack, place or store.
struct BlobIdentity {
  std::uint64_t counter = 0;  ///< in its context
  BlobName name{};
  BlobKind kind{};
  codec::Codec codec{};
  std::uint32_t plain_size = 0, stored_size = 0;  ///< bytes; stored_size without the tag
};

/// Seals and opens the blobs of one context. `counter`s are never used twice by one context. One thread at a time;
/// `clone` gives another worker its own.
class BlobSealer {
 public:
  BlobSealer(BlobSealer&&) noexcept;
  ~BlobSealer();
  BlobSealer clone() const;

  /// Writes stored.size() + 16 bytes; `out` may start at `stored`. `stored` has identity.stored_size bytes.
  void seal(const BlobIdentity& identity, ByteView stored, MutableBytes out);
  /// False: damaged, cut off, or not the blob of that identity; `stored`, which has identity.stored_size bytes, is then
  /// zeros. May open in place, as `seal` does.
  [[nodiscard]] bool open(const BlobIdentity& identity, ByteView sealed, MutableBytes stored);

 private:
  friend struct BlobSealerAccess;
  struct State;
  explicit BlobSealer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct NewSealContext {
  SealContextRecord record;
  BlobSealer sealer;
};
/// A fresh context for writing: data to the current epoch's public key, or metadata under its M.
NewSealContext new_seal_context(const HostKeys& keys, SealContextRecord::Kind kind, Random& random);

/// Opens metadata contexts with what every host has. Throws Error(no_key) naming the epoch, Error(integrity) on a
/// record of the other kind.
BlobSealer open_metadata_context(const HostKeys& keys, const SealContextRecord& record);
/// Opens data contexts; needs the private key. Throws Error(no_key) naming the epoch that is missing, Error(integrity)
/// on a record of the other kind or with an encapsulated key that is no proper point.
BlobSealer open_data_context(std::span<const EpochSecrets> secrets, const SealContextRecord& record);

}  // namespace owl::crypto
