#include "wal/admission.h"

#include <fmt/core.h>

#include "repository/object_keys.h"

namespace owl::wal {
namespace {

bool timeline_known(const WalSource& source, postgres::TimelineId timeline, repository::StoreSet& stores,
                    const std::stop_token& stop) {
  const auto folder = repository::keys::wal_timeline(std::to_string(source.control.system_id), timeline);
  bool known = false;
  stores.on_any([&](repository::StoreSet::Member& member) {
    known = false;
    member.store->list(
        folder, "", [&](const auto&) { return !(known = true); }, stop);
  });
  return known;
}

/// A clone or a snapshot that was started as it is stays on its original's timeline: what it writes there first would
/// stand in the original's way.
void refuse_copy(const WalSource& source, const Enrolments& enrolments) {
  const auto original = enrolments.original_of(source.data_directory, source.control.system_id);
  if (!original) return;
  throw Error(ErrorKind::refused,
              fmt::format("the data directory {} must not archive {}: it is not enrolled, and {} is, which is the same "
                          "cluster (system id "
                          "{}): this is a copy of it",
                          source.data_directory_path, source.name, original->data_directory, original->system_id))
      .with_hint(
          "Set archive_mode = off in the copy. If it takes the original's place: remove that one's data directory, and "
          "`owlbackup doctor --enrol`.");
}

}  // namespace

void require_admission(const WalSource& source, const Enrolments& enrolments, repository::StoreSet& stores,
                       std::stop_token stop) {
  if (enrolments.covers(source.data_directory, source.control.system_id)) return;
  const auto name = value_or_throw(postgres::parse_wal_file_name(source.name));
  const bool history = name.kind == postgres::WalFileKind::history;
  if (!history && timeline_known(source, name.timeline, stores, stop)) return refuse_copy(source, enrolments);
  throw Error(
      ErrorKind::refused,
      fmt::format("{} begins {} and the data directory {} is not enrolled: this may be a restored or cloned cluster",
                  name.text, history ? "a new timeline" : "a timeline that the archive does not know",
                  source.data_directory_path))
      .with_hint(
          "If this cluster is the one to archive from now on: `owlbackup doctor --enrol`. If it is a copy: set "
          "archive_mode = off.");
}

}  // namespace owl::wal
