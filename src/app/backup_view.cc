#include "app/backup_view.h"

#include <fmt/core.h>

#include "repository/head.h"

namespace owl::app {

using codec::Json;

std::vector<ViewedBackup> load_backups(Invocation& in, const crypto::HostKeys& keys, const std::string& kind) {
  std::vector<ViewedBackup> out;
  for (auto& entry : repository::list_backups(in.stores(), kind, in.stop())) {
    auto loaded = repository::load_manifest(in.stores(), keys, entry, in.stop());
    if (loaded) out.push_back({std::move(entry), std::move(*loaded)});
  }
  return out;
}

ViewedBackup find_one(Invocation& in, const crypto::HostKeys& keys, const std::string& id) {
  std::vector<repository::BackupEntry> entries;
  auto backups = load_backups(in, keys);
  for (const auto& backup : backups) entries.push_back(backup.entry);
  const auto found = repository::find_backup(entries, id, keys);
  for (auto& backup : backups) {
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
  out.set("host", m.host).set("stores", std::move(stores)).set("warnings", std::move(warnings));
  return out;
}

}  // namespace owl::app
