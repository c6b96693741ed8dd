#include "app/backup_view.h"

#include <fmt/core.h>

#include <algorithm>

#include "repository/head.h"

namespace owl::app {

using codec::Json;

ViewedBackups load_backups(repository::StoreSet& stores, const crypto::HostKeys& keys, const std::string& kind,
                           const std::stop_token& stop) {
  ViewedBackups out;
  for (auto& entry : repository::list_backups(stores, kind, stop)) {
    try {
      auto loaded = repository::load_manifest(stores, keys, entry, stop);
      if (loaded) out.whole.push_back({std::move(entry), std::move(*loaded)});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::integrity) throw;
      out.damaged.push_back({std::move(entry), error});
    }
  }
  // Keys tell whole seconds: of those that began in the same one the number decides.
  std::ranges::stable_sort(out.whole, {}, [](const ViewedBackup& backup) {
    return std::pair(backup.entry.key.start, backup.loaded.manifest.sequence);
  });
  return out;
}

ViewedBackups load_backups(Invocation& in, const crypto::HostKeys& keys, const std::string& kind) {
  return load_backups(in.stores(), keys, kind, in.stop());
}

int report_damaged(Invocation& in, const ViewedBackups& backups) {
  for (const auto& [entry, error] : backups.damaged) {
    in.monitor().warning(fmt::format("backup {} of {} can't be read: {}", repository::short_id(entry),
                                     to_iso(entry.key.start), error.what()));
  }
  return backups.damaged.empty() ? 0 : describe(ErrorKind::integrity).exit_code;
}

Json damaged_json(const ViewedBackups& backups) {
  Json out = Json::array();
  for (const auto& [entry, error] : backups.damaged) {
    out.push(Json()
                 .set("id", repository::short_id(entry))
                 .set("kind", entry.key.kind)
                 .set("started", to_iso(entry.key.start))
                 .set("error", error.what()));
  }
  return out;
}

ViewedBackup find_one(Invocation& in, const crypto::HostKeys& keys, const std::string& id) {
  auto backups = load_backups(in, keys);
  std::vector<repository::BackupEntry> entries;
  for (const auto& backup : backups.whole) entries.push_back(backup.entry);
  for (const auto& backup : backups.damaged) entries.push_back(backup.entry);
  std::ranges::stable_sort(entries, {}, [](const auto& entry) { return entry.key.start; });
  const auto found = repository::find_backup(entries, id, keys);
  for (auto& backup : backups.damaged) {
    if (backup.entry.path == found.path) throw std::move(backup.error);
  }
  for (auto& backup : backups.whole) {
    if (backup.entry.path == found.path) return std::move(backup);
  }
  throw Error(ErrorKind::not_found, fmt::format("backup {} is gone", id));
}

cluster::ClusterDetails cluster_details(const repository::Manifest& manifest) {
  if (manifest.kind != "cluster") {
    throw Error(ErrorKind::usage, fmt::format("this is a backup of kind {}, not of a cluster", manifest.kind));
  }
  return value_or_throw(cluster::parse_cluster_details(manifest.details));
}

std::optional<HowMade> how_made(const repository::Manifest& manifest) {
  if (manifest.kind != "cluster") return std::nullopt;
  const auto details = cluster::parse_cluster_details(manifest.details);
  if (!details) return std::nullopt;
  return HowMade{details->base.substr(0, 8), details->full_reason};
}

Json to_json(const ViewedBackup& backup) {
  const auto& m = backup.loaded.manifest;
  Json stores = Json::array(), warnings = Json::array();
  for (const auto& store : backup.entry.stores) stores.push(store);
  for (const auto& warning : m.warnings) warnings.push(warning);
  Json out;
  out.set("id", repository::short_id(backup.entry)).set("kind", m.kind).set("name", m.name).set("label", m.label);
  out.set("started", to_iso(m.started)).set("finished", to_iso(m.finished)).set("files", m.items);
  out.set("plain_bytes", m.plain_bytes).set("new_bytes", m.new_bytes).set("packs", m.packs.size());
  out.set("sequence", m.sequence).set("head", repository::to_text({m.sequence, backup.loaded.digest}));
  if (const auto how = how_made(m)) {
    out.set("incremental", !how->base.empty());
    if (!how->base.empty()) out.set("base", how->base);
    if (!how->full_reason.empty()) out.set("full_reason", how->full_reason);
  }
  out.set("host", m.host).set("stores", std::move(stores)).set("warnings", std::move(warnings));
  return out;
}

}  // namespace owl::app
