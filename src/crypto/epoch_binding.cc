#include "crypto/epoch_binding.h"

#include <fmt/core.h>

#include "base/binary.h"

namespace owl::crypto {
namespace {

std::string psk_id(std::uint32_t epoch) {
  return fmt::format("owl1 epoch {}", epoch);
}

}  // namespace

Bytes epoch_info(std::string_view label, const RepositoryId& repository, std::uint32_t epoch, ByteView detail) {
  Bytes info;
  BinaryWriter writer(info);
  writer.raw(as_bytes(label));
  writer.raw(repository);
  writer.u32(epoch);
  writer.raw(detail);
  return info;
}

HpkeSender setup_for_epoch(const HostEpoch& epoch, ByteView info, Random& random) {
  return hpke_setup_sender(epoch.public_key, info, derive_key(epoch.m, "owl1 m psk"), as_bytes(psk_id(epoch.epoch)),
                           random);
}

const EpochSecrets& secrets_of(std::span<const EpochSecrets> secrets, std::uint32_t epoch) {
  const auto found = std::ranges::find(secrets, epoch, &EpochSecrets::epoch);
  if (found != secrets.end()) return *found;
  throw Error(ErrorKind::no_key, fmt::format("the secrets of epoch {} are not at hand", epoch))
      .with_hint(fmt::format("They are in keys/{:04}/ and open with the private key of any of its recipients.", epoch));
}

HpkeContext open_for_epoch(const EpochSecrets& secrets, const ByteArray<32>& encapsulated_key, ByteView info) {
  return hpke_setup_receiver(secrets.x25519_private, encapsulated_key, info, derive_key(secrets.m, "owl1 m psk"),
                             as_bytes(psk_id(secrets.epoch)));
}

}  // namespace owl::crypto
