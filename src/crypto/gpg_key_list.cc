#include "crypto/gpg_key_list.h"

#include <charconv>

#include "base/bytes.h"
#include "base/text.h"

namespace owl::crypto {
namespace {

/// Fields of a colon record, counted from 0.
constexpr std::size_t type_field = 0, validity_field = 1, created_field = 5, expires_field = 6, text_field = 9,
                      usage_field = 11;

using Record = std::vector<std::string_view>;

std::string_view field(const Record& record, std::size_t number) {
  return number < record.size() ? record[number] : std::string_view();
}

std::optional<std::int64_t> seconds(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr std::int64_t year_10000 = 253402300800;
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value >= year_10000) return std::nullopt;
  return value;
}

/// gpg writes colons and control characters as \x3a.
std::string unescape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto byte = text.size() >= 4 && text.starts_with("\\x") ? from_hex(text.substr(2, 2)) : bad_format("");
    const bool printable = byte && byte->front() >= 0x20 && byte->front() != 0x7f;
    out += byte ? (printable ? static_cast<char>(byte->front()) : '?') : text.front();
    text.remove_prefix(byte ? 4 : 1);
  }
  return out;
}

ListedKey read_key(const Record& record) {
  ListedKey key;
  const auto validity = field(record, validity_field);
  if (!validity.empty()) key.validity = validity.front();
  key.encrypts = field(record, usage_field).find('e') != std::string_view::npos;
  key.created = seconds(field(record, created_field)).value_or(0);
  if (const auto expires = seconds(field(record, expires_field))) key.expires = Timestamp{*expires * 1'000'000};
  return key;
}

/// Where a fingerprint record belongs: it follows its key.
ListedKey& newest_key(ListedCertificate& certificate) {
  return certificate.subkeys.empty() ? certificate.primary : certificate.subkeys.back();
}

}  // namespace

std::vector<ListedCertificate> parse_key_list(std::string_view text) {
  std::vector<ListedCertificate> all;
  for (const auto line : split(text, '\n')) {
    const Record record = split(line, ':');
    const auto type = field(record, type_field);
    if (type == "pub") {
      all.push_back({.primary = read_key(record), .subkeys = {}, .user_id = {}});
      all.back().disabled = field(record, usage_field).find('D') != std::string_view::npos;
    }
    if (all.empty()) continue;
    if (type == "sub") all.back().subkeys.push_back(read_key(record));
    if (type == "fpr") newest_key(all.back()).fingerprint = field(record, text_field);
    if (type == "uid" && all.back().user_id.empty()) all.back().user_id = unescape(field(record, text_field));
  }
  return all;
}

std::string why_unusable(const ListedKey& key, Timestamp now) {
  if (key.validity == 'r') return "it is revoked";
  if (key.expires && *key.expires <= now) return "it expired on " + to_iso(*key.expires);
  if (key.validity == 'e') return "it is expired";
  if (key.validity == 'i' || key.validity == 'd') return "gpg calls it invalid or disabled";
  return "";
}

}  // namespace owl::crypto
