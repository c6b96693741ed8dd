#include <fmt/core.h>

#include "base/check.h"
#include "crypto/keys.h"
#include "repository/repository.h"

namespace owl::repository {
namespace {

std::vector<std::string> fingerprints_of(const InitOptions& options, Timestamp now) {
  std::vector<std::string> out;
  for (const auto& recipient : options.recipients) {
    if (recipient.expires && *recipient.expires <= now) {
      throw Error(ErrorKind::config, fmt::format("the OpenPGP key {} ({}) expired at {}", recipient.fingerprint,
                                                 recipient.user_id, to_iso(*recipient.expires)));
    }
    out.push_back(recipient.fingerprint);
  }
  return out;
}

crypto::Fingerprint fingerprint_of(const crypto::EpochSecrets& secrets) {
  return crypto::fingerprint_of(secrets.repository, crypto::x25519_public(secrets.x25519_private),
                                crypto::derive_metadata_keys(secrets.m).commitment);
}

/// A wrap that nobody can open would be found out on the worst of days: it is opened now where that can be done.
void prove_by_unwrapping(const InitOptions& options, const crypto::EpochSecrets& secrets, ByteView wrap) {
  const bool clear = options.mode == crypto::KeyMode::none;
  const auto plain = clear ? to_bytes(wrap) : crypto::unwrap_passphrase(options.passphrase, wrap);
  const auto opened = value_or_throw(crypto::parse_epoch_secrets(plain));
  OWL_CHECK(opened.repository == secrets.repository && crypto::same_secret(opened.m.view(), secrets.m.view()) &&
                crypto::same_secret(opened.h.view(), secrets.h.view()) &&
                crypto::same_secret(opened.x25519_private.view(), secrets.x25519_private.view()),
            "a wrap gives back what it was given");
}

/// The private key is elsewhere, so only the form can be looked at: session keys, then one encrypted packet that every
/// implementation reads.
void prove_by_packets(ByteView wrap, std::size_t recipients) {
  const auto tags = value_or_throw(crypto::openpgp_packet_tags(wrap));
  const auto keys = crypto::openpgp_key_ids(wrap).size();
  if (!tags.empty() && tags.back() == 18 && keys == recipients && tags.size() == keys + 1) return;
  throw Error(ErrorKind::process, "gpg wrote something else than one message to all recipients");
}

Bytes wrap_secrets(const InitOptions& options, const std::vector<std::string>& recipients,
                   const crypto::EpochSecrets& secrets, Random& random) {
  const auto plain = crypto::serialize(secrets);
  switch (options.mode) {
    case crypto::KeyMode::none:
      return plain;
    case crypto::KeyMode::passphrase:
      return crypto::wrap_passphrase(options.passphrase, plain, random);
    case crypto::KeyMode::openpgp:
      break;
  }
  return crypto::wrap_openpgp(options.gpg, recipients, plain);
}

}  // namespace

InitPlan plan_init(const InitOptions& options, Clock& clock, Random& random) {
  const auto recipients =
      options.mode == crypto::KeyMode::openpgp ? fingerprints_of(options, clock.now()) : std::vector<std::string>{};
  InitPlan plan;
  plan.secrets = crypto::generate_epoch(random.array<16>(), 1, random);
  plan.wrap = wrap_secrets(options, recipients, plan.secrets, random);
  if (options.mode == crypto::KeyMode::openpgp) {
    prove_by_packets(plan.wrap, recipients.size());
  } else {
    prove_by_unwrapping(options, plan.secrets, plan.wrap);
  }
  plan.host = crypto::make_host_keys(plan.secrets, options.mode, recipients, fingerprint_of(plan.secrets), random);
  return plan;
}

}  // namespace owl::repository
