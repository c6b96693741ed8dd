#include "repository/blob_opener.h"

#include <fmt/core.h>

#include <algorithm>

namespace owl::repository {
namespace {

using ContextKind = crypto::SealContextRecord::Kind;

Error damaged(std::uint32_t entry, std::string_view why) {
  return Error(ErrorKind::integrity, fmt::format("blob {}: {}", entry, why));
}

/// Room for exactly that many bytes; what was there is lost.
MutableBytes sized(os::AlignedBuffer& buffer, std::size_t size) {
  if (buffer.capacity() < size) buffer = os::AlignedBuffer(size);
  return buffer.whole().first(size);
}

}  // namespace

BlobOpener::BlobOpener(const crypto::HostKeys& keys, std::span<const crypto::EpochSecrets> secrets,
                       const PackDirectory& directory)
    : keys_(keys), secrets_(secrets), directory_(directory) {}

ByteView BlobOpener::open(std::uint32_t number, ByteView sealed) {
  const auto& entry = directory_.entries[number];
  const auto stored = sized(stored_, entry.stored_size);
  if (!sealer_of(entry.context).open(entry.identity(), sealed, stored)) {
    throw damaged(number, "is damaged or forged: its seal does not fit");
  }
  const auto plain = sized(plain_, entry.plain_size);
  if (const auto decoded = decoder_.decode(entry.codec, stored, plain); !decoded) {
    throw damaged(number, decoded.error().message());
  }
  auto* const namer = namer_of(directory_.contexts[entry.context]);
  if (namer != nullptr && namer->name(entry.kind, plain) != entry.name) {
    throw damaged(number, "its content is not what its name says");
  }
  return plain;
}

bool BlobOpener::is_content_of(std::uint32_t number, ByteView plain) {
  const auto& entry = directory_.entries[number];
  auto* const namer = namer_of(directory_.contexts[entry.context]);
  return namer != nullptr && plain.size() == entry.plain_size && namer->name(entry.kind, plain) == entry.name;
}

crypto::BlobSealer& BlobOpener::sealer_of(std::uint32_t context) {
  const auto found = sealers_.find(context);
  if (found != sealers_.end()) return found->second;
  const auto& record = directory_.contexts[context].seal;
  auto sealer = record.kind == ContextKind::data ? crypto::open_data_context(secrets_, record)
                                                 : crypto::open_metadata_context(keys_, record);
  return sealers_.emplace(context, std::move(sealer)).first->second;
}

crypto::Namer* BlobOpener::namer_of(const PackContext& context) {
  const auto key = std::pair(context.writer, context.seal.epoch);
  auto found = namers_.find(key);
  if (found == namers_.end()) {
    const auto naming = naming_of(context);
    found = namers_.emplace(key, naming ? std::optional<crypto::Namer>(*naming) : std::nullopt).first;
  }
  return found->second ? &*found->second : nullptr;
}

std::optional<crypto::NamingKeys> BlobOpener::naming_of(const PackContext& context) const {
  const auto secrets = std::ranges::find(secrets_, context.seal.epoch, &crypto::EpochSecrets::epoch);
  if (secrets != secrets_.end()) return crypto::derive_writer_naming(secrets->h, context.writer);
  // The host keeps the naming keys of its own current H alone; an older epoch may have had another.
  if (context.writer == keys_.writer && context.seal.epoch == keys_.current().epoch) return keys_.writer_naming;
  return std::nullopt;
}

}  // namespace owl::repository
