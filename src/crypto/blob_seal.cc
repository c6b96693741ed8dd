#include "crypto/blob_seal.h"

#include <fmt/core.h>

#include "base/binary.h"
#include "base/check.h"
#include "crypto/epoch_binding.h"
#include "crypto/hkdf.h"

namespace owl::crypto {
namespace {

using Kind = SealContextRecord::Kind;

/// A metadata context as an HPKE context would be: blob n is sealed under nonce(n).
struct BlobKeys {
  SecretKey key;
  Kind kind;
  GcmNonce base_nonce{};  ///< data

  GcmNonce nonce(std::uint64_t counter) const {
    if (kind == Kind::data) return HpkeContext{key, base_nonce}.nonce(counter);
    GcmNonce nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<std::uint8_t>(counter >> (8 * i));
    return nonce;
  }
};

constexpr std::size_t associated_size = 66;

Bytes associated_data(const RepositoryId& repository, const ByteArray<16>& context, const BlobIdentity& identity) {
  Bytes out;
  out.reserve(associated_size);
  BinaryWriter writer(out);
  writer.raw(repository);
  writer.raw(context);
  writer.u64(identity.counter);
  writer.raw(identity.name);
  writer.u8(static_cast<std::uint8_t>(identity.kind));
  writer.u8(static_cast<std::uint8_t>(identity.codec));
  writer.u32(identity.plain_size);
  writer.u32(identity.stored_size);
  return out;
}

BlobKeys metadata_keys(const SecretKey& m, const RepositoryId& repository, const SealContextRecord& record) {
  const Bytes info = epoch_info("owl1 blob", repository, record.epoch, {});
  return {hkdf_key(record.id, derive_key(m, "owl1 m seal"), info), Kind::metadata};
}

Bytes data_info(const RepositoryId& repository, const SealContextRecord& record) {
  return epoch_info("owl1 data", repository, record.epoch, record.id);
}

void check_kind(const SealContextRecord& record, Kind expected) {
  if (record.kind == expected) return;
  throw Error(ErrorKind::integrity, fmt::format("seal context {} is for {}, not for {}", to_hex(record.id),
                                                record.kind == Kind::data ? "data" : "metadata",
                                                expected == Kind::data ? "data" : "metadata"));
}

}  // namespace

struct BlobSealer::State {
  State(BlobKeys blob_keys, const RepositoryId& repository_id, const ByteArray<16>& context_id)
      : keys(std::move(blob_keys)), repository(repository_id), context(context_id), cipher(keys.key) {}

  BlobKeys keys;
  RepositoryId repository;
  ByteArray<16> context;
  AesGcm cipher;
};

struct BlobSealerAccess {
  static BlobSealer make(BlobKeys keys, const RepositoryId& repository, const ByteArray<16>& context) {
    return BlobSealer(std::make_unique<BlobSealer::State>(std::move(keys), repository, context));
  }
};

BlobSealer::BlobSealer(std::unique_ptr<State> state) : state_(std::move(state)) {}
BlobSealer::BlobSealer(BlobSealer&&) noexcept = default;
BlobSealer::~BlobSealer() = default;

BlobSealer BlobSealer::clone() const {
  return BlobSealerAccess::make(state_->keys, state_->repository, state_->context);
}

void BlobSealer::seal(const BlobIdentity& identity, ByteView stored, MutableBytes out) {
  OWL_CHECK(stored.size() == identity.stored_size, "a blob's identity states its stored size");
  const Bytes associated = associated_data(state_->repository, state_->context, identity);
  state_->cipher.seal(state_->keys.nonce(identity.counter), associated, stored, out);
}

bool BlobSealer::open(const BlobIdentity& identity, ByteView sealed, MutableBytes stored) {
  OWL_CHECK(stored.size() == identity.stored_size, "a blob's identity states its stored size");
  if (sealed.size() != stored.size() + gcm_tag_size) {  // cut off
    std::ranges::fill(stored, std::uint8_t{0});
    return false;
  }
  const Bytes associated = associated_data(state_->repository, state_->context, identity);
  return state_->cipher.open(state_->keys.nonce(identity.counter), associated, sealed, stored);
}

NewSealContext new_seal_context(const HostKeys& keys, Kind kind, Random& random) {
  const HostEpoch& epoch = keys.current();
  SealContextRecord record{kind, epoch.epoch, random.array<16>(), {}};
  if (kind == Kind::metadata) return {record, open_metadata_context(keys, record)};

  const auto sender = setup_for_epoch(epoch, data_info(keys.repository, record), random);
  record.encapsulated_key = sender.encapsulated_key;
  const BlobKeys blob_keys{sender.context.key, kind, sender.context.base_nonce};
  return {record, BlobSealerAccess::make(blob_keys, keys.repository, record.id)};
}

BlobSealer open_metadata_context(const HostKeys& keys, const SealContextRecord& record) {
  check_kind(record, Kind::metadata);
  const HostEpoch* const epoch = keys.find(record.epoch);
  if (epoch == nullptr) {
    throw Error(
        ErrorKind::no_key,
        fmt::format("a metadata blob is sealed under epoch {}, of which the key file knows nothing", record.epoch))
        .with_hint("Another host rotated the keys: owlbackup keys enroll fetches the newer epoch.");
  }
  return BlobSealerAccess::make(metadata_keys(epoch->m, keys.repository, record), keys.repository, record.id);
}

BlobSealer open_data_context(std::span<const EpochSecrets> secrets, const SealContextRecord& record) {
  check_kind(record, Kind::data);
  const EpochSecrets& epoch = secrets_of(secrets, record.epoch);
  const auto context = open_for_epoch(epoch, record.encapsulated_key, data_info(epoch.repository, record));
  const BlobKeys blob_keys{context.key, Kind::data, context.base_nonce};
  return BlobSealerAccess::make(blob_keys, epoch.repository, record.id);
}

}  // namespace owl::crypto
