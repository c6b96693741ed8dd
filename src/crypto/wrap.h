#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/keys.h"

namespace owl::crypto {

/// GnuPG as a program. `home` empty: gpg's own default (GNUPGHOME or ~/.gnupg).
struct GpgOptions {
  std::string program = "gpg";
  std::filesystem::path home = {};
};

/// An OpenPGP key that data can be encrypted to, resolved once (at `init`) and then named by fingerprint for good.
struct Recipient {
  std::string fingerprint;  ///< 40 hex digits of the encryption subkey (or primary key) that is used
  std::string user_id;
  std::optional<Timestamp> expires;
};
/// Asks gpg which key "backup@example" means: a user id or part of it, a key id, or the fingerprint of a key or of one
/// subkey. Of a key with several encryption subkeys the newest usable one; keys that can't be used are passed over
/// while exactly one can. Throws Error(config): none, several, expired at `now`, revoked or unable to encrypt; the
/// message lists what the keyring holds, the hint says how to import a key.
Recipient resolve_recipient(const GpgOptions& gpg, const std::string& query, Timestamp now);

/// OpenPGP message to all recipients: `--rfc4880 --cipher-algo AES256 --compress-algo none --trust-model always -r
/// <fingerprint>!`, whatever gpg.conf says. The result is parsed: packets other than 1 (PKESK) and 18 (SEIPD) are
/// refused, so that gpg 2.2 and other implementations can read it; so are other key ids than those of the recipients.
Bytes wrap_openpgp(const GpgOptions& gpg, const std::vector<std::string>& recipients, ByteView secrets);
/// Lets gpg decrypt; its agent may ask for a PIN or passphrase on our terminal, for which there are ten minutes. Gives
/// nothing unless gpg checked the whole message. Throws Error(no_key) that names the key ids that would open it and
/// whether this keyring has none of them or gpg failed otherwise.
Bytes unwrap_openpgp(const GpgOptions& gpg, ByteView wrapped, std::stop_token stop = {});
/// The packet tags of an OpenPGP message (RFC 4880 §4.2), without partial-length bodies' content. For the check and
/// tests.
Result<std::vector<int>> openpgp_packet_tags(ByteView message);
/// The key ids (16 hex digits) that a message is encrypted to.
std::vector<std::string> openpgp_key_ids(ByteView message);

/// Argon2id (RFC 9106). Refused, in reading and in writing: less than 64 MiB or more than 4 GiB, more than 64 passes or
/// lanes.
struct PassphraseParameters {
  std::uint32_t memory_kib = 256 * 1024, passes = 3, lanes = 1;
};
Bytes wrap_passphrase(const Secret& passphrase, ByteView secrets, Random& random, PassphraseParameters parameters = {});
/// Throws Error(no_key) on a wrong passphrase, Error(integrity) on damage, Error(refused) where there is not memory
/// enough.
Bytes unwrap_passphrase(const Secret& passphrase, ByteView wrapped);

/// Where the restoring side gets its secrets from.
struct UnwrapSources {
  GpgOptions gpg;
  std::function<Secret()> passphrase;  ///< asked at most once
  std::stop_token stop;
};
/// The file name's ending says how: .pgp, .pass, .clear. GnuPG is asked once for one wrap.
EpochSecrets unwrap_epoch(const UnwrapSources& sources, std::string_view object_name, ByteView wrapped);

}  // namespace owl::crypto
