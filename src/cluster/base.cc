#include "cluster/base.h"

#include <fmt/core.h>

#include "cluster/base_choice.h"
#include "os/file.h"
#include "repository/object_keys.h"
#include "wal/change_history.h"

namespace owl::cluster {
namespace {

tl::unexpected<Error> no_base(std::string why) {
  return tl::unexpected(Error(ErrorKind::not_found, std::move(why)));
}

/// As the server has it, which wrote or fetched the file itself; else as it was archived.
postgres::TimelinePath path_to(const ClusterDetails& current, wal::Fetcher& fetcher, const std::stop_token& stop) {
  if (current.timeline <= 1) return {current.timeline, {}};
  const auto file =
      std::filesystem::path(current.data_directory) / "pg_wal" / postgres::history_file_name(current.timeline);
  if (const auto text = os::read_file_if_exists(file)) {
    return {current.timeline, value_or_throw(postgres::parse_timeline_history(*text))};
  }
  return {current.timeline, fetcher.history(current.timeline, stop)};
}

Result<BackupBase> build_on(repository::LoadedManifest backup, wal::Fetcher& fetcher, const ClusterDetails& current,
                            const std::stop_token& stop) {
  auto details = parse_cluster_details(backup.manifest.details);
  if (!details) return no_base(details.error().message());
  const auto path = path_to(current, fetcher, stop);
  if (auto why_not = why_no_base(*details, current, path)) return no_base(std::move(*why_not));
  auto history = wal::read_change_history(changes_since(*details, current), path, fetcher, stop);
  if (!history.complete()) {
    const auto& hole = history.holes.front();
    return no_base(fmt::format("what changed between {} and {} is not known: {}", to_text(hole.from), to_text(hole.to),
                               hole.reason));
  }
  return BackupBase{std::move(backup), std::move(*details), std::move(history.changes)};
}

}  // namespace

std::string BackupBase::id() const {
  const auto key = repository::keys::parse_manifest(backup.path);
  return key ? to_hex(key->lease) : std::string();
}

Result<BackupBase> find_base(repository::BackupSession& session, repository::StoreSet& stores,
                             const crypto::HostKeys& keys, const ClusterDetails& current, std::stop_token stop) {
  auto earlier = session.earlier_backup();
  if (!earlier) return no_base(earlier.error().message());
  wal::Fetcher fetcher(stores, keys, {}, {current.system_id, std::nullopt, current.wal_segment_size});
  try {
    return build_on(std::move(*earlier), fetcher, current, stop);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    return no_base(error.what());
  }
}

}  // namespace owl::cluster
