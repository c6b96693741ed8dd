#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "cluster/check_space.h"
#include "cluster/delta_folder.h"
#include "cluster/restore.h"
#include "cluster/restore_marker.h"
#include "cluster/target_paths.h"
#include "os/file.h"
#include "os/system.h"
#include "postgres/control_file.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;

Error refuse(std::string message) {
  return {ErrorKind::refused, std::move(message)};
}

std::string account_name(std::uint32_t uid) {
  const auto account = os::account_by_uid(uid);
  return account ? account->name : fmt::format("uid {}", uid);
}

/// Root may write anywhere, and gives away what it writes.
void check_writable(const fs::path& folder) {
  if (os::is_root()) return;
  const auto place = nearest_existing(folder);
  if (::access(place.c_str(), W_OK | X_OK) == 0) return;
  throw refuse(fmt::format("can't write into {} as {}", place.string(), account_name(os::effective_uid())))
      .with_hint("Run the restore as an account that may, or as root with --owner. Nothing was changed.");
}

void check_owner(const fs::path& to, const os::FileStatus& status) {
  const auto us = os::effective_uid();
  if (os::is_root() || status.uid == us) return;
  throw refuse(fmt::format("{} belongs to {}: PostgreSQL runs only on a data directory of its own account's, here {}",
                           to.string(), account_name(status.uid), account_name(us)))
      .with_hint("Restore into a directory that isn't there yet, or run the restore as root. Nothing was changed.");
}

/// nullopt: it has none that can be read.
std::optional<postgres::ControlFile> control_of(const fs::path& data_directory) {
  const auto bytes = os::read_file_if_exists(data_directory / "global/pg_control", 64u << 10);
  const auto parsed = bytes ? postgres::parse_control_file(*bytes) : Result<postgres::ControlFile>(bad_format(""));
  return parsed ? std::optional(*parsed) : std::nullopt;
}

/// A directory that is to be made into this cluster as it was must be this cluster's already, and nobody else's.
void check_same_cluster(const fs::path& to, const ClusterDetails& details) {
  const auto hint = "--delta brings a directory of this cluster back; any other is left alone. Nothing was changed.";
  const auto parsed = control_of(to);
  if (parsed && parsed->system_id != details.system_id) {
    throw refuse(fmt::format("{} holds another cluster (system id {}; the backup is of {})", to.string(),
                             parsed->system_id, details.system_id))
        .with_hint(hint);
  }
  if (parsed || read_marker(to)) return;
  const auto version = os::read_file_if_exists(to / "PG_VERSION", 64);
  if (version && as_text(*version) == fmt::format("{}\n", postgres::major_version(details.version))) return;
  throw refuse(fmt::format("{} is not empty and no data directory of PostgreSQL {}", to.string(),
                           postgres::major_version(details.version)))
      .with_hint(hint);
}

void check_data_directory(const RestoreOptions& options, const ClusterDetails& details) {
  const auto& to = options.to;
  const auto status = os::status_of(to, true);
  if (!status) return;
  if (status->type != os::FileType::folder) throw refuse(fmt::format("{} is not a directory", to.string()));
  check_owner(to, *status);
  if (postgres::server_is_running(to)) {
    throw refuse(fmt::format("a PostgreSQL server is running in {}", to.string()))
        .with_hint("Stop it first, or restore into another directory. Nothing was changed.");
  }
  const auto entries = os::list_folder(to);
  if (!entries || entries->empty()) return;
  if (options.delta) return check_same_cluster(to, details);
  const auto marker = read_marker(to);
  if (!marker) {
    throw refuse(fmt::format("{} is not empty", to.string()))
        .with_hint(
            "Restore into an empty or new directory, or move this one away first; --delta brings a directory of this "
            "cluster back in place. Nothing was changed.");
  }
  if (os::status_of(wal_aside(to))) {
    throw refuse(fmt::format("{} holds WAL that no store has, from before an interrupted restore with --delta",
                             wal_aside(to).string()))
        .with_hint("Run that restore again, or move this folder away. Nothing was changed.");
  }
  // A server that was started there made the rest its own; only a restore that never got so far is cleared.
  const auto parsed = control_of(to);
  if (parsed && parsed->checkpoint.value != 0xDEAD) {
    throw refuse(fmt::format("{} holds a cluster that was started after an interrupted restore", to.string()))
        .with_hint(fmt::format("If it is not wanted, remove {} and run the restore again.", to.string()));
  }
}

bool leads_to(const fs::path& link, const fs::path& location) {
  const auto status = link.empty() ? std::nullopt : os::status_of(link);
  return status && status->type == os::FileType::symlink && os::read_symlink(link) == location;
}

/// A tablespace's location must be empty, or, for a restore onto a directory, be that directory's own by its link: on a
/// host where the source lives it is the source's own data.
void check_location(const TargetPaths::Link& link, const fs::path& own_link, std::string_view version_prefix) {
  const auto entries = os::list_folder(link.location);
  if (!entries) return;
  const bool ours = read_marker(link.location).has_value() || leads_to(own_link, link.location);
  if (ours || entries->empty()) return;
  throw refuse(
      fmt::format("tablespace {} would be restored to {}, which is not empty", link.oid, link.location.string()))
      .with_hint(fmt::format("On the host of the source cluster that is its live data ({}…): choose another place with "
                             "--tablespace-map {}=NEW. Nothing was changed.",
                             version_prefix, link.old_location.string()));
}

/// Replaying CREATE TABLESPACE uses the literal path of the source and accepts a directory that is in use: a scratch
/// copy on the source's host would overwrite the source's files.
void check_created(const postgres::TablespaceCreate& created, const TargetPaths& paths) {
  const fs::path location(created.path);
  const auto entries = os::list_folder(location);
  if (!entries || entries->empty()) return;
  for (const auto& link : paths.links()) {
    if (link.oid == created.oid && link.location == location) return;  // part of the backup, checked already
  }
  throw refuse(fmt::format("the WAL up to the target creates tablespace {} at {}, which is not empty on this host: "
                           "recovery would overwrite what is there (at LSN {})",
                           created.oid, created.path, postgres::to_text(created.lsn)))
      .with_hint(
          "Choose a target before that moment, or restore on a host (or in a mount namespace) where this path is "
          "empty or absent. Nothing was changed.");
}

void check_architecture(const ClusterDetails& details) {
#if defined(__x86_64__)
  const std::string_view here = "x86_64 little-endian";
#elif defined(__aarch64__)
  const std::string_view here = "aarch64 little-endian";
#else
  const std::string_view here = "other";
#endif
  if (details.architecture == here) return;
  throw Error(ErrorKind::unsupported,
              fmt::format("the backup was made on {}, this host is {}: a physical backup can't be moved between them",
                          details.architecture, here));
}

}  // namespace

void check_target(const RestoreOptions& options, const RecoveryPlan& plan) {
  const auto& details = plan.base.details;
  check_architecture(details);
  check_data_directory(options, details);
  check_writable(options.to);
  const TargetPaths paths(options.to, details.tablespaces, options.tablespace_map);
  const auto version = fmt::format("PG_{}_{}", postgres::major_version(details.version), details.catalog_version);
  for (const auto& link : paths.links()) {
    check_location(link, options.delta ? paths.link_path(link) : fs::path(), version);
    check_writable(link.location);
  }
  for (const auto& created : plan.tablespaces_created) check_created(created, paths);
}

}  // namespace owl::cluster
