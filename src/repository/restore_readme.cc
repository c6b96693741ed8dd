#include "repository/restore_readme.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/check.h"
#include "codec/hash.h"

namespace owl::repository {
namespace {

std::string what_opens_it(const crypto::HostKeys& host) {
  switch (host.mode) {
    case crypto::KeyMode::openpgp:
      return fmt::format(
          "the OpenPGP private key of one of these recipients, in GnuPG's keyring or on a smartcard:\n\n    {}",
          fmt::join(host.recipients, "\n    "));
    case crypto::KeyMode::passphrase:
      return "the repository's passphrase";
    case crypto::KeyMode::none:
      break;
  }
  return "nothing more: the secrets lie here in the clear (encryption mode \"none\"), so guard this place";
}

constexpr std::string_view text = R"(# Backups of {name}

This folder (or bucket) is a repository of owlbackup. It holds physical backups of a PostgreSQL cluster and the WAL
between them, encrypted. Everything that is needed to get the data back is here, except what opens it:
{opens}

Fingerprint of this repository, to compare with your recovery kit and with what the program prints:

    {fingerprint}

If it differs, this is not the repository that your hosts wrote to: do not trust what comes out of it.

## Get everything back

1. On a machine with PostgreSQL of the same major version, install owlbackup and write `owlbackup.toml`:

       name = "{name}"
       [storage.primary]
       url = "file:///path/to/this/folder"      # or s3://bucket/prefix, with endpoint and access keys

2. Take the keys out of this repository, with the private key or the passphrase at hand:

       owlbackup keys enroll --from-private-key

3. Look at what there is, and restore the newest backup with all WAL after it:

       owlbackup list
       owlbackup restore cluster --to /var/lib/postgresql/restored

   To an earlier moment, for example just before a mistake:

       owlbackup restore cluster --to /var/lib/postgresql/restored --target-time '2026-11-22 14:30:00+00'

4. Start the server on that folder. It replays WAL, which the restore's agent fetches for it, and opens.

`owlbackup restore cluster --dry-run …` says beforehand what would be read and whether it can succeed.

## Without the program

The format is described to the byte in owlbackup's `docs/format/`; `keys/0001/` holds the secrets as one line of JSON,
wrapped for GnuPG (`.pgp`), by a passphrase (`.pass`) or not at all (`.clear`). `owl.json` says which format this is.

## Whether anybody changed this page

`owlbackup verify` tells, by the last line.

)";

/// HMAC(mac key of the first epoch, "owl1 RESTORE.md" ‖ repository ‖ the text before the last line)
std::string mac_line(const crypto::HostKeys& host, const crypto::HostEpoch& first, std::string_view before) {
  auto message = to_bytes(as_bytes("owl1 RESTORE.md"));
  append(message, host.repository);
  append(message, as_bytes(before));
  const auto keys = crypto::derive_metadata_keys(first.m);
  return fmt::format("    {}\n", to_hex(codec::hmac_sha256(keys.mac.view(), message)));
}

}  // namespace

std::string restore_readme(const crypto::HostKeys& host, const std::string& name) {
  auto page = fmt::format(fmt::runtime(text), fmt::arg("name", name), fmt::arg("opens", what_opens_it(host)),
                          fmt::arg("fingerprint", crypto::to_text(host.fingerprint)));
  const auto* const first = host.find(1);
  OWL_CHECK(first != nullptr, "a new repository begins with epoch 1");
  return page + mac_line(host, *first, page);
}

bool restore_readme_is_genuine(const crypto::HostKeys& host, ByteView text) {
  const auto* const first = host.find(1);
  if (first == nullptr) return true;
  const auto page = as_text(text);
  const auto length = mac_line(host, *first, {}).size();
  if (page.size() < length) return false;
  const auto before = page.substr(0, page.size() - length);
  return page.substr(before.size()) == mac_line(host, *first, before);
}

}  // namespace owl::repository
