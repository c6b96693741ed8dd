#pragma once

#include "crypto/wrap.h"

namespace owl::crypto {

/// A passphrase wrap in its parts (docs/format.md); internal to this module.
///
///     "OWLP" u8 version=1  u8 kdf=1 (Argon2id 1.3)  u16 0  u32 memory in KiB  u32 passes  u32 lanes  salt[32]
///     commitment[32]  (84 bytes)   AES-256-GCM, nonce 0, aad = the header
///
/// root = Argon2id(passphrase, salt), key ‖ commitment = HKDF-SHA-256(salt = empty, ikm = root,
/// info = "owl1 passphrase", 64). The commitment tells a wrong passphrase from damage.
inline constexpr std::size_t passphrase_header_size = 84;

struct PassphraseHeader {
  PassphraseParameters parameters;
  ByteArray<32> salt;
  ByteArray<32> commitment;
};
/// Reads the header, and refuses parameters that are too weak to be ours or would take all of a host's memory or time.
Result<PassphraseHeader> parse_passphrase_header(ByteView wrapped);

/// The expensive step.
SecretKey passphrase_root(const Secret& passphrase, const PassphraseParameters& parameters, const ByteArray<32>& salt);

Bytes wrap_with_root(const SecretKey& root, const PassphraseParameters& parameters, const ByteArray<32>& salt,
                     ByteView secrets);
/// Throws Error(no_key) on a root of another passphrase, Error(integrity) on damage.
Bytes unwrap_with_root(const SecretKey& root, ByteView wrapped);

}  // namespace owl::crypto
