#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/keys.h"
#include "crypto/wrap.h"
#include "repository/stores.h"

namespace owl::repository {

/// owl.json: says what this is; nothing in it ever changes.
struct RepositoryObject {
  crypto::RepositoryId id{};
  std::uint32_t format = 1;
  ByteArray<32> mac{};  ///< HMAC under the first epoch's mac key
};
Bytes serialize(const RepositoryObject& object, const crypto::HostEpoch& first);
/// What must stand there, to the byte; nullopt for a host enrolled after a rotation, with newer epochs alone, which has
/// nothing to make the MAC with.
std::optional<Bytes> expected_repository_object(const crypto::HostKeys& host);
Result<RepositoryObject> parse_repository_object(ByteView bytes);
/// Reads owl.json; nullopt: no repository there.
std::optional<RepositoryObject> read_repository_object(storage::ObjectStore& store, std::stop_token stop = {});

struct InitOptions {
  crypto::KeyMode mode = crypto::KeyMode::openpgp;
  std::vector<crypto::Recipient> recipients;
  crypto::GpgOptions gpg;
  Secret passphrase;
  std::string name;  ///< for RESTORE.md
};
/// Makes a new repository in every store, or puts what is missing in one that `existing` keys belong to: wrap, its MAC,
/// public half, RESTORE.md, owl.json last. Returns the host's keys, which the caller writes durably BEFORE this is
/// called with them: see `plan_init`.
struct InitPlan {
  crypto::HostKeys host;
  crypto::EpochSecrets secrets;
  Bytes wrap;  ///< made, and proven to be one that the recipients can open (packet tags)
};
InitPlan plan_init(const InitOptions& options, Clock& clock, Random& random);
/// Idempotent for one plan or one key file: stores that hold the repository already are left alone; one that holds
/// another repository is refused (Error conflict) before anything is written anywhere.
void write_repository(StoreSet& stores, const InitOptions& options, const crypto::HostKeys& host, ByteView wrap,
                      Clock& clock, Random& random);

/// Checks that a store's owl.json belongs to these keys. Throws Error(config) "no repository in …: owlbackup init",
/// Error(conflict) on another repository, Error(integrity) on a wrong MAC.
void check_repository(storage::ObjectStore& store, const crypto::HostKeys& host, std::stop_token stop = {});

/// For a host without a key file that has the private key: reads keys/ of a store, unwraps every epoch that these
/// sources open (newest first; GnuPG is asked once for each wrap that is needed) and derives what a host keeps.
struct Enrolment {
  crypto::HostKeys host;
  std::vector<crypto::EpochSecrets> secrets;
};
Enrolment enrol_from_private_key(storage::ObjectStore& store, const crypto::UnwrapSources& sources, Random& random,
                                 std::stop_token stop = {});
/// All epochs' secrets that `epochs` asks for (all when empty), for a restore with a host key file at hand.
std::vector<crypto::EpochSecrets> unwrap_secrets(storage::ObjectStore& store, const crypto::HostKeys& host,
                                                 const crypto::UnwrapSources& sources,
                                                 const std::vector<std::uint32_t>& epochs, std::stop_token stop = {});

/// The host's key file: read with a message that names `owlbackup keys enroll` when it is absent; refuses a file that
/// others can read.
crypto::HostKeys read_key_file(const std::filesystem::path& path);
std::optional<crypto::HostKeys> read_key_file_if_exists(const std::filesystem::path& path);
void write_key_file(const std::filesystem::path& path, const crypto::HostKeys& keys);

}  // namespace owl::repository
