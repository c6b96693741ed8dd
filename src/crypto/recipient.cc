#include <fmt/core.h>
#include <fmt/ranges.h>

#include "crypto/gpg.h"
#include "crypto/gpg_key_list.h"
#include "crypto/hex.h"
#include "crypto/wrap.h"

namespace owl::crypto {
namespace {

constexpr std::size_t most_listed = 10;

std::string described(const ListedCertificate& certificate) {
  return fmt::format("{} ({})", certificate.primary.fingerprint, certificate.user_id);
}

std::string described(const std::vector<ListedCertificate>& certificates) {
  std::vector<std::string> texts;
  for (const auto& certificate : certificates) {
    if (texts.size() == most_listed) break;
    texts.push_back(described(certificate));
  }
  const std::size_t left_out = certificates.size() - texts.size();
  return fmt::format("{}{}", fmt::join(texts, ", "), left_out == 0 ? "" : fmt::format(" and {} more", left_out));
}

/// A fingerprint in the forms in which people copy it (with blanks, 0x before it, ! after it), as gpg prints it;
/// anything else as it is.
std::string without_ornaments(const std::string& query) {
  std::string_view rest = query;
  if (rest.starts_with("0x") || rest.starts_with("0X")) rest.remove_prefix(2);
  std::string digits(rest);
  std::erase_if(digits, [](char c) { return c == ' ' || c == '!'; });
  const auto bytes = array_from_hex<20>(digits);
  return bytes ? to_upper_hex(*bytes) : query;
}

struct Choice {
  const ListedKey* key = nullptr;
  std::string why_not;  ///< where there is none
};

/// The newest of the subkeys that can be used, as gpg would choose. `only` limits it to one fingerprint, if not empty.
Choice choose_subkey(const ListedCertificate& certificate, std::string_view only, Timestamp now) {
  Choice choice{.key = nullptr, .why_not = "it has no key for encryption"};
  for (const auto& subkey : certificate.subkeys) {
    if (!subkey.encrypts || (!only.empty() && subkey.fingerprint != only)) continue;
    const std::string why = why_unusable(subkey, now);
    if (!why.empty()) choice.why_not = fmt::format("of its encryption subkey {}: {}", subkey.fingerprint, why);
    if (why.empty() && (choice.key == nullptr || subkey.created > choice.key->created)) choice.key = &subkey;
  }
  return choice;
}

/// The key that data is encrypted to: a subkey, else the primary key if it encrypts. A query by a subkey's own
/// fingerprint means that one.
Choice choose_key(const ListedCertificate& certificate, std::string_view query, Timestamp now) {
  if (certificate.disabled) return {nullptr, "it is disabled in this keyring"};
  if (auto why = why_unusable(certificate.primary, now); !why.empty()) return {nullptr, std::move(why)};
  const auto& subkeys = certificate.subkeys;
  const bool names_subkey = std::ranges::find(subkeys, query, &ListedKey::fingerprint) != subkeys.end();
  auto choice = choose_subkey(certificate, names_subkey ? query : std::string_view(), now);
  if (choice.key == nullptr && !names_subkey && certificate.primary.encrypts) choice.key = &certificate.primary;
  return choice;
}

/// The subkey can't be used any longer than the key that vouches for it.
std::optional<Timestamp> earlier(const std::optional<Timestamp>& a, const std::optional<Timestamp>& b) {
  return a && b ? std::min(*a, *b) : (a ? a : b);
}

std::vector<ListedCertificate> list_keys(const GpgOptions& gpg, const std::string& query, std::string& complaint) {
  std::vector<std::string> arguments{
      "--batch",     "--no-tty", "--quiet", "--with-colons", "--fixed-list-mode", "--with-subkey-fingerprint",
      "--list-keys", "--"};
  if (!query.empty()) arguments.push_back(query);
  const auto result = run_gpg(gpg, {.arguments = arguments});
  if (result.exit_code != 0) complaint = gpg_complaint(result.errors);
  return parse_key_list(as_text(result.output));
}

[[noreturn]] void none_matches(const GpgOptions& gpg, const std::string& query, const std::string& complaint) {
  std::string listing_failed;
  const auto all = list_keys(gpg, "", listing_failed);
  throw Error(ErrorKind::config, fmt::format("gpg's keyring has no key for \"{}\" ({}); it holds {}", query, complaint,
                                             all.empty() ? "no key at all" : described(all)))
      .with_hint(fmt::format("Import the recipient's public key here: {} --import key.asc", gpg_command(gpg)));
}

[[noreturn]] void several_match(const std::string& query, const std::vector<ListedCertificate>& usable) {
  throw Error(ErrorKind::config, fmt::format("\"{}\" fits several keys: {}", query, described(usable)))
      .with_hint("Give the fingerprint of the one that is meant.");
}

[[noreturn]] void none_usable(const std::string& query, const std::vector<std::string>& reasons) {
  throw Error(ErrorKind::config,
              fmt::format("no key for \"{}\" can be encrypted to: {}", query, fmt::join(reasons, "; ")))
      .with_hint("Import a newer version of the key (gpg --import), have its owner extend it, or name another one.");
}

}  // namespace

Recipient resolve_recipient(const GpgOptions& gpg, const std::string& query, Timestamp now) {
  if (query.empty()) throw Error(ErrorKind::config, "a recipient is given as an empty text");
  const std::string asked = without_ornaments(query);
  std::string complaint;
  const auto found = list_keys(gpg, asked, complaint);
  if (found.empty()) none_matches(gpg, query, complaint);

  std::vector<ListedCertificate> usable;
  std::vector<std::string> reasons;
  Recipient recipient;
  for (const auto& certificate : found) {
    const auto choice = choose_key(certificate, asked, now);
    if (choice.key == nullptr) {
      reasons.push_back(fmt::format("{}: {}", described(certificate), choice.why_not));
      continue;
    }
    usable.push_back(certificate);
    recipient = {choice.key->fingerprint, certificate.user_id,
                 earlier(choice.key->expires, certificate.primary.expires)};
  }
  if (usable.empty()) none_usable(query, reasons);
  if (usable.size() > 1) several_match(query, usable);
  return recipient;
}

}  // namespace owl::crypto
