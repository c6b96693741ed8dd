#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "repository/catalogue.h"
#include "repository/source_id.h"

namespace owl::repository {
namespace {

constexpr std::size_t short_id_digits = 8, most_shown = 10;
constexpr std::string_view latest = "latest";

std::string lease_digits(const BackupEntry& entry) {
  return to_hex(entry.key.lease);
}

std::string shown(const BackupEntry& entry) {
  return fmt::format("{} ({} of {})", short_id(entry), entry.key.kind, to_iso(entry.key.start));
}

/// The youngest last, so that the end of a long list is what people want to see.
std::string shown(const std::vector<BackupEntry>& entries) {
  if (entries.empty()) return "there is no backup at all";
  std::vector<std::string> texts;
  const auto from = entries.size() > most_shown ? entries.end() - most_shown : entries.begin();
  for (auto entry = from; entry != entries.end(); ++entry) texts.push_back(shown(*entry));
  return fmt::format("{}there are {}", from == entries.begin() ? "" : "of the last ones ", fmt::join(texts, ", "));
}

Error no_such(const std::vector<BackupEntry>& entries, const std::string& id) {
  return Error(ErrorKind::not_found, fmt::format("there is no backup \"{}\": {}", id, shown(entries)))
      .with_hint("`owlbackup list` shows them all.");
}

/// latest, latest:KIND, latest:KIND/NAME
BackupEntry find_latest(const std::vector<BackupEntry>& entries, const std::string& id, const crypto::HostKeys& keys) {
  const auto rest = std::string_view(id).substr(latest.size());
  const auto source = rest.empty() ? rest : rest.substr(1);
  const auto slash = source.find('/');
  const std::string kind(source.substr(0, slash));
  std::vector<std::string> ids;
  if (slash != std::string_view::npos) ids = name_ids(keys, kind, std::string(source.substr(slash + 1)));
  const auto fits = [&](const BackupEntry& entry) {
    return (kind.empty() || entry.key.kind == kind) &&
           (ids.empty() || std::ranges::find(ids, entry.key.name_id) != ids.end());
  };
  const auto found = std::find_if(entries.rbegin(), entries.rend(), fits);  // they come oldest first
  if (found == entries.rend()) throw no_such(entries, id);
  return *found;
}

BackupEntry find_by_prefix(const std::vector<BackupEntry>& entries, const std::string& id) {
  const auto prefix = to_lower(id);
  std::vector<BackupEntry> found;
  std::ranges::copy_if(entries, std::back_inserter(found),
                       [&](const BackupEntry& entry) { return lease_digits(entry).starts_with(prefix); });
  if (prefix.empty() || found.empty()) throw no_such(entries, id);
  if (found.size() == 1) return found.front();
  throw Error(ErrorKind::usage, fmt::format("\"{}\" could be several backups: {}", id, shown(found)))
      .with_hint("Type more of its digits.");
}

}  // namespace

std::string short_id(const BackupEntry& entry) {
  return lease_digits(entry).substr(0, short_id_digits);
}

BackupEntry find_backup(const std::vector<BackupEntry>& entries, const std::string& id, const crypto::HostKeys& keys) {
  if (id == latest || id.starts_with("latest:")) return find_latest(entries, id, keys);
  return find_by_prefix(entries, id);
}

}  // namespace owl::repository
