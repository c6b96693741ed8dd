#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/primitives.h"

namespace owl::crypto {

using RepositoryId = ByteArray<16>;
using WriterId = ByteArray<8>;
using Fingerprint = ByteArray<32>;

/// How an epoch's secrets are protected in the store.
enum class KeyMode : std::uint8_t { none = 0, openpgp = 1, passphrase = 2 };
std::string_view to_text(KeyMode mode);

/// All secrets of one epoch (repository format, "Keys"): what only restore ever sees whole.
/// Lives in the store wrapped (`keys/<epoch>/<n>.pgp` and the like); in memory only while it is needed.
struct EpochSecrets {
  RepositoryId repository{};
  std::uint32_t epoch = 0;   ///< 1, 2, …
  SecretKey x25519_private;  ///< opens data
  SecretKey m;               ///< metadata key M: seals and opens metadata
  SecretKey h;               ///< naming key H: outlives routine rotation
};
EpochSecrets generate_epoch(const RepositoryId& repository, std::uint32_t epoch, Random& random);

/// The bytes that a wrap protects: one line of JSON, so that a person with gpg alone can read them (docs/format.md).
/// Whoever gets them wipes them. Parsing is strict: an unknown version is Error(unsupported); a field that is missing,
/// unknown, of the wrong form, or does not fit the checksum is Error(integrity); both name the field.
Bytes serialize(const EpochSecrets& secrets);
Result<EpochSecrets> parse_epoch_secrets(ByteView bytes);

/// The keys derived from M by HKDF (info "owl1 m seal" and so on); each has one use, so that no message of one can be
/// passed off as one of another.
struct MetadataKeys {
  SecretKey seal;            ///< metadata objects and blobs
  SecretKey mac;             ///< footers of WAL objects, owl.json, epoch chains
  SecretKey tag;             ///< ids in object paths that must not show a name
  SecretKey psk;             ///< HPKE's pre-shared key
  ByteArray<32> commitment;  ///< public: what the fingerprint binds
};
MetadataKeys derive_metadata_keys(const SecretKey& m);

/// Names over plain bytes; see names.h.
struct NamingKeys {
  SecretKey gmac;  ///< AES-256-GCM key whose GMAC compresses pages
  SecretKey prf;   ///< AES-256 key that turns the GMAC into a name
  SecretKey hmac;  ///< HMAC-SHA-256 key for bytes that others choose
};
NamingKeys derive_writer_naming(const SecretKey& h, const WriterId& writer);
/// The same for every writer of a repository: tells whether a WAL segment is stored already, whoever stored it.
NamingKeys derive_wal_naming(const SecretKey& h);

/// SHA-256(repository id ‖ first epoch's public key ‖ commitment to its M).
Fingerprint fingerprint_of(const RepositoryId& id, const ByteArray<32>& first_public,
                           const ByteArray<32>& first_commitment);
/// 8 groups of 8 hexadecimal digits.
std::string to_text(const Fingerprint& fingerprint);
/// Takes it with or without white space, in either case, or any prefix of at least 16 digits; true if it fits.
bool fingerprint_matches(const Fingerprint& fingerprint, std::string_view text);

/// One epoch as a host knows it: enough to write, to deduplicate and to read metadata; nothing that opens data.
struct HostEpoch {
  std::uint32_t epoch = 0;
  ByteArray<32> public_key{};
  SecretKey m;
};

/// The host's key file. Hosts take mode, epoch, keys and parameters from here only, never from the bucket.
struct HostKeys {
  RepositoryId repository{};
  Fingerprint fingerprint{};
  KeyMode mode = KeyMode::none;
  WriterId writer{};
  std::vector<std::string> recipients;  ///< full OpenPGP fingerprints of encryption subkeys; empty for other modes
  std::vector<HostEpoch> epochs;        ///< ascending; the last one is written under
  NamingKeys writer_naming, wal_naming;

  const HostEpoch& current() const { return epochs.back(); }
  const HostEpoch* find(std::uint32_t epoch) const;
};
/// What a host keeps of the secrets it saw once at `init` or `keys enroll`: the one epoch, and naming keys for a writer
/// id that is drawn here.
HostKeys make_host_keys(const EpochSecrets& secrets, KeyMode mode, std::vector<std::string> recipients,
                        const Fingerprint& fingerprint, Random& random);
/// JSON for people; the file's mode is 0600. Strict like parse_epoch_secrets: errors name the field ("epochs[1].m").
Bytes serialize(const HostKeys& keys);
Result<HostKeys> parse_host_keys(ByteView bytes);

}  // namespace owl::crypto
