#include <fmt/core.h>

#include <algorithm>

#include "base/check.h"
#include "base/reversed.h"
#include "crypto/wrap.h"
#include "repository/epoch_public.h"
#include "repository/object_keys.h"
#include "repository/repository.h"

namespace owl::repository {
namespace {

Error not_genuine(std::uint32_t epoch, std::string_view why) {
  return Error(ErrorKind::integrity, fmt::format("the keys of epoch {} are damaged or forged: {}", epoch, why))
      .with_hint("Compare the repository's fingerprint with the one in your recovery kit before you trust this store.");
}

std::vector<std::uint32_t> epochs_in(storage::ObjectStore& store, const std::stop_token& stop) {
  std::vector<std::uint32_t> epochs;
  for (const auto& name : store.list_folders("keys/", stop)) {
    if (const auto epoch = keys::parse_epoch_folder(name)) epochs.push_back(*epoch);
  }
  std::ranges::sort(epochs);
  return epochs;
}

/// Newest first: the last rewrap names today's recipients.
std::vector<std::string> wraps_of(storage::ObjectStore& store, std::uint32_t epoch, const std::stop_token& stop) {
  std::vector<std::string> wraps;
  for (const auto& info : storage::list_all(store, keys::epoch_folder(epoch), stop)) {
    if (info.key != keys::epoch_public(epoch) && !keys::parse_wrap_mac(info.key)) wraps.push_back(info.key);
  }
  std::ranges::reverse(wraps);
  return wraps;
}

/// Secrets that fit the public half are those that data was sealed to; whether the public half is the right one only
/// the fingerprint tells, or a host's key file.
void check_against_public(storage::ObjectStore& store, const crypto::EpochSecrets& secrets,
                          const std::stop_token& stop) {
  const auto bytes = storage::get_required(store, keys::epoch_public(secrets.epoch), stop);
  const auto half = value_or_throw(parse_epoch_public(bytes));
  if (half.epoch != secrets.epoch || half.public_key != crypto::x25519_public(secrets.x25519_private) ||
      half.commitment != crypto::derive_metadata_keys(secrets.m).commitment) {
    throw not_genuine(secrets.epoch, "the wrapped secrets do not belong to the public half beside them");
  }
}

crypto::EpochSecrets unwrap(storage::ObjectStore& store, const crypto::RepositoryId& repository, std::uint32_t epoch,
                            const crypto::UnwrapSources& sources, const std::stop_token& stop) {
  std::optional<Error> last;
  for (const auto& key : wraps_of(store, epoch, stop)) {
    try {
      auto secrets = crypto::unwrap_epoch(sources, key, storage::get_required(store, key, stop));
      if (secrets.repository != repository || secrets.epoch != epoch) {
        throw not_genuine(epoch, fmt::format("{} holds those of another repository or epoch", key));
      }
      check_against_public(store, secrets, stop);
      return secrets;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      last = error;
    }
  }
  if (last) throw std::move(*last);
  throw Error(ErrorKind::integrity, fmt::format("{} has no wrapped secrets of epoch {}: nothing stands under {}",
                                                store.description(), epoch, keys::epoch_folder(epoch)));
}

RepositoryObject require_repository(storage::ObjectStore& store, const std::stop_token& stop) {
  if (auto object = read_repository_object(store, stop)) return *object;
  throw Error(ErrorKind::config, fmt::format("there is no repository in {}", store.description()))
      .with_hint("Check the store's url: owl.json stands at its top.");
}

crypto::Fingerprint fingerprint_by(const crypto::EpochSecrets& first) {
  return crypto::fingerprint_of(first.repository, crypto::x25519_public(first.x25519_private),
                                crypto::derive_metadata_keys(first.m).commitment);
}

/// The passphrase is asked for once, however many wraps there are.
crypto::UnwrapSources asking_once(const crypto::UnwrapSources& sources) {
  auto out = sources;
  if (!sources.passphrase) return out;
  out.passphrase = [ask = sources.passphrase, answer = std::make_shared<std::optional<Secret>>()] {
    if (!*answer) *answer = ask();
    return **answer;
  };
  return out;
}

crypto::KeyMode mode_in(storage::ObjectStore& store, std::uint32_t epoch, const std::stop_token& stop) {
  const auto bytes = storage::get_required(store, keys::epoch_public(epoch), stop);
  return value_or_throw(parse_epoch_public(bytes)).mode;
}

}  // namespace

Enrolment enrol_from_private_key(storage::ObjectStore& store, const crypto::UnwrapSources& sources, Random& random,
                                 std::stop_token stop) {
  const auto object = require_repository(store, stop);
  const auto epochs = epochs_in(store, stop);
  if (epochs.empty() || epochs.front() != 1) {
    throw Error(ErrorKind::integrity,
                fmt::format("{} lacks keys/0001/, without which nothing can be opened", store.description()));
  }
  const auto once = asking_once(sources);
  Enrolment out;
  for (const auto epoch : reversed(epochs)) {
    out.secrets.insert(out.secrets.begin(), unwrap(store, object.id, epoch, once, stop));
  }
  // Recipients stay unknown: a list in the bucket could have been made longer by whoever writes there.
  const auto& newest = out.secrets.back();
  out.host = crypto::make_host_keys(newest, mode_in(store, newest.epoch, stop), {}, fingerprint_by(out.secrets.front()),
                                    random);
  out.host.epochs.clear();
  for (const auto& secrets : out.secrets) {
    out.host.epochs.push_back({secrets.epoch, crypto::x25519_public(secrets.x25519_private), secrets.m});
  }
  check_repository(store, out.host, stop);
  return out;
}

std::vector<crypto::EpochSecrets> unwrap_secrets(storage::ObjectStore& store, const crypto::HostKeys& host,
                                                 const crypto::UnwrapSources& sources,
                                                 const std::vector<std::uint32_t>& epochs, std::stop_token stop) {
  check_repository(store, host, stop);
  const auto once = asking_once(sources);
  std::vector<crypto::EpochSecrets> out;
  for (const auto& known : host.epochs) {
    if (!epochs.empty() && std::ranges::find(epochs, known.epoch) == epochs.end()) continue;
    auto secrets = unwrap(store, host.repository, known.epoch, once, stop);
    if (!crypto::same_secret(secrets.m.view(), known.m.view()) ||
        crypto::x25519_public(secrets.x25519_private) != known.public_key) {
      throw not_genuine(known.epoch, "they are not those that this host's key file knows");
    }
    out.push_back(std::move(secrets));
  }
  return out;
}

}  // namespace owl::repository
