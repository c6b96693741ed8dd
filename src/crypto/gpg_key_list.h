#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace owl::crypto {

/// One key of a certificate, as gpg lists it. Internal to this module.
struct ListedKey {
  std::string fingerprint;   ///< upper-case hexadecimal
  char validity = '-';       ///< gpg's letter: r revoked, e expired, i invalid, d disabled
  bool encrypts = false;     ///< its own usage flags have e
  std::int64_t created = 0;  ///< seconds since 1970
  std::optional<Timestamp> expires;
};

struct ListedCertificate {
  ListedKey primary;
  std::vector<ListedKey> subkeys;
  std::string user_id;  ///< the first, which gpg takes for the main one
  bool disabled = false;
};

/// Reads `gpg --with-colons --list-keys` (GnuPG's doc/DETAILS). User ids are anybody's text: lines that make no sense
/// are skipped, whatever they say.
std::vector<ListedCertificate> parse_key_list(std::string_view text);

/// Why nothing can be encrypted to that key at that time, or empty.
std::string why_unusable(const ListedKey& key, Timestamp now);

}  // namespace owl::crypto
