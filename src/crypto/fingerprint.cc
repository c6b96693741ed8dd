#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "codec/hash.h"
#include "crypto/keys.h"

namespace owl::crypto {
namespace {

constexpr std::size_t group_digits = 8;
/// 64 bits: what a person may be asked to compare, and more than an attacker can search for in key pairs.
constexpr std::size_t shortest_prefix = 16;

std::string without_blanks(std::string_view text) {
  std::string out = to_lower(text);
  std::erase_if(out, [](unsigned char c) { return std::isspace(c) != 0; });
  return out;
}

}  // namespace

Fingerprint fingerprint_of(const RepositoryId& id, const ByteArray<32>& first_public,
                           const ByteArray<32>& first_commitment) {
  codec::Sha256 hash;
  hash.update(id);
  hash.update(first_public);
  hash.update(first_commitment);
  return hash.digest();
}

std::string to_text(const Fingerprint& fingerprint) {
  std::string text = to_hex(fingerprint);
  for (std::size_t at = text.size() - group_digits; at > 0; at -= group_digits) text.insert(at, 1, ' ');
  return text;
}

bool fingerprint_matches(const Fingerprint& fingerprint, std::string_view text) {
  const std::string wanted = without_blanks(text);
  return wanted.size() >= shortest_prefix && to_hex(fingerprint).starts_with(wanted);
}

}  // namespace owl::crypto
