#include "crypto/passphrase_wrap.h"

#include <argon2.h>
#include <fmt/core.h>

#include "base/binary.h"
#include "base/units.h"
#include "crypto/hkdf.h"
#include "crypto/wipe.h"

namespace owl::crypto {
namespace {

constexpr std::string_view magic = "OWLP";
constexpr std::uint8_t format_version = 1, argon2id = 1;

/// Below: guessable by machines. Above: whoever writes the bucket could choose what takes a restore host down.
constexpr std::uint32_t min_memory_kib = 64 * 1024, max_memory_kib = 4 * 1024 * 1024;
constexpr std::uint32_t max_passes = 64, max_lanes = 64;

std::string why_refused(const PassphraseParameters& parameters) {
  if (parameters.memory_kib < min_memory_kib) return "less than 64 MiB of memory is too weak";
  if (parameters.memory_kib > max_memory_kib) return "more than 4 GiB of memory";
  if (parameters.passes < 1 || parameters.passes > max_passes) return "passes outside 1 to 64";
  if (parameters.lanes < 1 || parameters.lanes > max_lanes) return "lanes outside 1 to 64";
  return "";
}

struct WrapKeys {
  SecretKey key, commitment;
};
WrapKeys split(const SecretKey& root) {
  const auto keys = hkdf_keys({}, root, as_bytes("owl1 passphrase"), 2);
  return {keys[0], keys[1]};
}

Bytes make_header(const PassphraseParameters& parameters, const ByteArray<32>& salt, ByteView commitment) {
  Bytes header;
  BinaryWriter writer(header);
  writer.raw(as_bytes(magic));
  writer.u8(format_version);
  writer.u8(argon2id);
  writer.u16(0);
  writer.u32(parameters.memory_kib);
  writer.u32(parameters.passes);
  writer.u32(parameters.lanes);
  writer.raw(salt);
  writer.raw(commitment);
  return header;
}

}  // namespace

Result<PassphraseHeader> parse_passphrase_header(ByteView wrapped) {
  BinaryReader reader(wrapped);
  const bool is_wrap = equal(reader.raw(magic.size()), as_bytes(magic));
  const std::uint8_t version = reader.u8(), kdf = reader.u8();
  const std::uint16_t reserved = reader.u16();
  PassphraseHeader header{};
  header.parameters = {reader.u32(), reader.u32(), reader.u32()};
  header.salt = reader.array<32>();
  header.commitment = reader.array<32>();
  const bool whole = reader.ok() && reader.remaining() >= gcm_tag_size;
  if (!whole || !is_wrap || reserved != 0) return bad_format("not a passphrase wrap, or cut short");
  if (version != format_version || kdf != argon2id) {
    return tl::unexpected(Error(ErrorKind::unsupported, fmt::format("a passphrase wrap of version {}.{}", version, kdf))
                              .with_hint("A newer owlbackup wrote it: use that one."));
  }
  if (const auto why = why_refused(header.parameters); !why.empty()) {
    return bad_format("the Argon2id parameters of a passphrase wrap are refused: " + why);
  }
  return header;
}

SecretKey passphrase_root(const Secret& passphrase, const PassphraseParameters& parameters, const ByteArray<32>& salt) {
  ByteArray<32> root{};
  const WipeAtEnd wipe(root);
  const auto text = passphrase.reveal();
  const int outcome = argon2id_hash_raw(parameters.passes, parameters.memory_kib, parameters.lanes, text.data(),
                                        text.size(), salt.data(), salt.size(), root.data(), root.size());
  if (outcome != ARGON2_OK) {
    throw Error(ErrorKind::refused,
                fmt::format("Argon2id with {} of memory failed: {}", format_bytes(parameters.memory_kib * KiB),
                            argon2_error_message(outcome)));
  }
  return SecretKey(root);
}

Bytes wrap_with_root(const SecretKey& root, const PassphraseParameters& parameters, const ByteArray<32>& salt,
                     ByteView secrets) {
  const auto keys = split(root);
  Bytes out = make_header(parameters, salt, keys.commitment.view());
  out.resize(out.size() + secrets.size() + gcm_tag_size);
  const MutableBytes all(out);
  // A salt is used once, so the key is, so its one nonce may be zero.
  AesGcm(keys.key).seal({}, all.first(passphrase_header_size), secrets, all.subspan(passphrase_header_size));
  return out;
}

Bytes unwrap_with_root(const SecretKey& root, ByteView wrapped) {
  const auto header = value_or_throw(parse_passphrase_header(wrapped));
  const auto keys = split(root);
  if (!same_secret(keys.commitment.view(), header.commitment)) {
    throw Error(ErrorKind::no_key, "the passphrase is wrong")
        .with_hint(
            "It is the one that was given to init: in [encryption] passphrase, in the file that file: names there, "
            "or typed.");
  }
  Bytes secrets(wrapped.size() - passphrase_header_size - gcm_tag_size);
  const ByteView head = wrapped.first(passphrase_header_size), sealed = wrapped.subspan(passphrase_header_size);
  if (!AesGcm(keys.key).open({}, head, sealed, secrets)) {
    throw Error(ErrorKind::integrity, "the passphrase is right, but the wrapped secrets are damaged");
  }
  return secrets;
}

Bytes wrap_passphrase(const Secret& passphrase, ByteView secrets, Random& random, PassphraseParameters parameters) {
  if (passphrase.empty()) throw Error(ErrorKind::config, "the passphrase is empty");
  if (const auto why = why_refused(parameters); !why.empty()) {
    throw Error(ErrorKind::config, "these Argon2id parameters are refused: " + why);
  }
  const auto salt = random.array<32>();
  return wrap_with_root(passphrase_root(passphrase, parameters, salt), parameters, salt, secrets);
}

Bytes unwrap_passphrase(const Secret& passphrase, ByteView wrapped) {
  const auto header = value_or_throw(parse_passphrase_header(wrapped));
  return unwrap_with_root(passphrase_root(passphrase, header.parameters, header.salt), wrapped);
}

}  // namespace owl::crypto
