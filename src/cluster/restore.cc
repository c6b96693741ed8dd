#include "cluster/restore.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>

#include "cluster/backup_manifest.h"
#include "cluster/check_space.h"
#include "cluster/delta.h"
#include "cluster/delta_folder.h"
#include "cluster/recovery_settings.h"
#include "cluster/restore_marker.h"
#include "cluster/restore_writer.h"
#include "cluster/target_paths.h"
#include "cluster/wal_chain.h"
#include "codec/hash.h"
#include "concurrency/task_group.h"
#include "os/file.h"
#include "os/tree_sync.h"
#include "postgres/control_file.h"

namespace owl::cluster {
namespace {

constexpr std::string_view control_path = "global/pg_control", auto_conf_path = "postgresql.auto.conf";

bool is_listed(const FileEntry& file) {
  return file.type != EntryType::folder && !written_apart(file.path);
}

std::function<bool(const FileEntry&)> wanted_by(const RestoreOptions& options) {
  return [&options](const FileEntry& file) { return is_listed(file) && options.scope.wants(file.path); };
}

/// The first and the last segment of the WAL from start to stop.
struct SegmentNumbers {
  std::uint64_t first, last;
};
SegmentNumbers wal_of_backup(const ClusterDetails& details) {
  return {details.start.value / details.wal_segment_size,
          (std::max(details.stop.value, details.start.value + 1) - 1) / details.wal_segment_size};
}
std::uint64_t wal_bytes(const ClusterDetails& details) {
  const auto [first, last] = wal_of_backup(details);
  return (last - first + 1) * details.wal_segment_size;
}

RestoreWriter::Onto onto_of(const RestoreOptions& options) {
  return options.delta ? RestoreWriter::Onto::existing : RestoreWriter::Onto::empty;
}

std::uint64_t bytes_of(std::span<const RestoreTree::WantedBlob> blobs) {
  std::uint64_t bytes = 0;
  for (const auto& blob : blobs) {
    for (const auto& to : blob.destinations) bytes += to.length;
  }
  return bytes;
}

std::vector<RestoreTree::WantedBlob> differing(const Delta& delta, const RestorePortion& portion,
                                               repository::BlobReader& reader, const std::stop_token& stop) {
  const auto directory = reader.directory(portion.pack->pack, stop);
  auto opener = reader.opener(*directory);
  return delta.differing(*directory, portion.blobs, opener);
}

std::optional<os::Account> owner_account(const RestoreOptions& options) {
  if (!options.owner || !os::is_root()) return std::nullopt;
  auto account = os::account_by_name(*options.owner);
  if (!account) {
    throw Error(ErrorKind::refused,
                fmt::format("there is no account \"{}\" on this host to own the restored files", *options.owner))
        .with_hint("Create it, or name another with --owner. Nothing was changed.");
  }
  return account;
}

/// The steps of one restore, in the order in which `run` calls them.
class ClusterRestore {
 public:
  ClusterRestore(const RestoreOptions& options, const RecoveryPlan& plan, repository::BlobReader& reader,
                 wal::Fetcher& fetcher, Monitor& monitor, std::stop_token stop)
      : options_(options),
        plan_(plan),
        reader_(reader),
        fetcher_(fetcher),
        monitor_(monitor),
        stop_(stop),
        paths_(options.to, plan.base.details.tablespaces, options.tablespace_map),
        owner_(owner_account(options)) {}

  RestoreSize run() {
    monitor_.phase("reading the file map", 0);
    tree_ = load_tree(plan_.base.loaded.manifest, reader_, wanted_by(options_), stop_);
    const auto onto = onto_of(options_);
    check_space(paths_, tree_, options_.scope, wal_bytes(plan_.base.details), onto);
    prepare();
    RestoreWriter writer(paths_, tree_, owner_, onto);
    if (options_.delta) clean();
    writer.make_folders();
    make_files(writer);
    write_data(writer);
    write_wal(writer);
    write_labels(writer);
    finish(writer);
    RestoreSize size{tree_.files.size(), tree_.plain_bytes, fetched_, tree_.packs.size()};
    if (delta_) size.kept_bytes = tree_.plain_bytes - writer.written_bytes();
    const auto aside = wal_aside(options_.to);
    if (delta_ && std::filesystem::exists(aside)) size.wal_aside = aside;
    return size;
  }

 private:
  void prepare() {
    const auto& key = plan_.base.loaded.path;
    os::make_folders(options_.to, 0700);
    std::filesystem::permissions(options_.to, std::filesystem::perms::owner_all);
    mark(options_.to, key);
    sync_.begin(options_.to);
    for (const auto& link : paths_.links()) {
      os::make_folders(link.location, 0700);
      mark(link.location, key);
      sync_.begin(link.location);
    }
  }

  void mark(const std::filesystem::path& folder, const std::string& key) const {
    if (read_marker(folder) && !options_.delta) clear_interrupted(folder);
    write_marker(folder, key);
  }

  /// The old cluster is given up here, first of all in a way that no server can miss.
  void clean() {
    disarm(options_.to);
    empty_wal(options_.to, options_.is_archived);
    remove_unknown(paths_, tree_);
    delta_.emplace(paths_, tree_, plan_.base.details.block_size);
  }

  void make_files(RestoreWriter& writer) {
    constexpr std::size_t at_once = 256;
    parallel_for((tree_.files.size() + at_once - 1) / at_once, options_.workers, stop_,
                 [&](std::size_t i, std::stop_token) {
                   const auto end = std::min((i + 1) * at_once, tree_.files.size());
                   writer.make_files(i * at_once, end);
                   if (delta_) delta_->clear_gaps(i * at_once, end);
                 });
  }

  void write_data(RestoreWriter& writer) {
    monitor_.phase("restoring", tree_.plain_bytes);
    const auto portions = cut_into_portions(tree_);
    parallel_for(portions.size(), options_.workers, stop_, [&](std::size_t i, std::stop_token stop) {
      const auto& portion = portions[i];
      in_context([&] { return fmt::format("restoring from pack {}", to_hex(portion.pack->pack.id).substr(0, 16)); },
                 [&] {
                   if (!delta_) return write_portion(portion.pack->pack, portion.blobs, writer, stop);
                   const auto left = differing(*delta_, portion, reader_, stop);
                   monitor_.advance(bytes_of(portion.blobs) - bytes_of(left));
                   if (!left.empty()) write_portion(portion.pack->pack, left, writer, stop);
                 });
    });
  }

  void write_portion(const repository::PackRef& pack, std::span<const RestoreTree::WantedBlob> blobs,
                     RestoreWriter& writer, const std::stop_token& stop) {
    std::vector<std::uint32_t> entries;
    for (const auto& blob : blobs) entries.push_back(blob.entry);
    RestoreFiles files(writer.direct());
    auto next = blobs.begin();
    const auto take = [&](std::uint32_t entry, ByteView plain) {
      next = std::ranges::lower_bound(next, blobs.end(), entry, {}, &RestoreTree::WantedBlob::entry);
      writer.write(*next, plain, files);
      for (const auto& to : next->destinations) monitor_.advance(to.length);
    };
    reader_.read(pack, entries, take, stop);
    fetched_ += reader_.planned_bytes(*reader_.directory(pack, stop), entries);
  }

  /// The WAL from start to stop stands in pg_wal: the cluster starts without its archive then, and pg_verifybackup can
  /// read it. Marked as archived, so that it is not archived again.
  void write_wal(RestoreWriter& writer) {
    const auto& details = plan_.base.details;
    const auto size = details.wal_segment_size;
    const auto folder = options_.to / "pg_wal";
    for (const auto& name : {folder, folder / "archive_status"}) {
      os::make_folders(name, 0700);
      writer.own(name);
    }
    const auto [first, last] = wal_of_backup(details);
    monitor_.phase("restoring WAL", last - first + 1, "segments");
    for (auto number = first; number <= last; ++number) {
      const auto segment = segment_on_path(plan_.path, number, size);
      const auto name = postgres::to_file_name(segment, size);
      const auto bytes = fetcher_.fetch(name, stop_);
      if (!bytes) throw Error(ErrorKind::integrity, fmt::format("WAL segment {} is gone from every store", name));
      put_segment(writer, name, *bytes);
      if (segment.timeline != details.timeline) put_before_fork(writer, {details.timeline, number}, *bytes);
      monitor_.advance(1);
    }
  }

  void put_segment(RestoreWriter& writer, const std::string& name, ByteView bytes) {
    writer.put(options_.to / "pg_wal" / name, bytes);
    writer.put(options_.to / "pg_wal/archive_status" / (name + ".done"), {});
  }

  /// The path leaves the backup's timeline within its last segment: recovery reads the child's, pg_verifybackup the
  /// parent's, which has the same bytes up to the fork. What the parent wrote after it is another history.
  void put_before_fork(RestoreWriter& writer, postgres::SegmentId parent, Bytes bytes) {
    const auto size = plan_.base.details.wal_segment_size;
    const auto kept = plan_.path.find(parent.timeline)->end - postgres::start_of(parent, size);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(kept), bytes.end(), std::uint8_t{0});
    put_segment(writer, postgres::to_file_name(parent, size), bytes);
  }

  void write_labels(RestoreWriter& writer) {
    monitor_.phase("finishing", 0);
    writer.put(options_.to / "backup_label", as_bytes(plan_.base.details.label_file));
    const auto auto_conf = os::read_file_if_exists(options_.to / auto_conf_path);
    const auto settings = recovery_settings(plan_.target, plan_.path.target(), options_.commands);
    writer.put(options_.to / auto_conf_path, as_bytes(merge_auto_conf(auto_conf ? as_text(*auto_conf) : "", settings)));
    writer.put(options_.to / "recovery.signal", {});
    control_ = poisoned_control();
    writer.put(options_.to / "backup_manifest", as_bytes(manifest_text()));
  }

  Bytes poisoned_control() {
    const auto plain = read_file_of(plan_.base.loaded.manifest, reader_, control_path, stop_);
    return postgres::poison_checkpoint(plain);
  }

  std::string manifest_text() const {
    const auto& details = plan_.base.details;
    std::vector<ManifestFile> files;
    for (const auto& file : tree_.files) {
      if (!is_listed(file) || file.path == auto_conf_path) continue;
      const auto crc = options_.scope.wants(file.path) ? file.crc32c : codec::crc32c_zeros(file.size);
      files.push_back({file.path, file.size, file.modified, crc});
    }
    const auto label = as_bytes(details.label_file);
    files.push_back({"backup_label", label.size(), plan_.base.loaded.manifest.finished, codec::crc32c(label)});
    files.push_back(
        {std::string(control_path), control_.size(), plan_.base.loaded.manifest.finished, codec::crc32c(control_)});
    return render_backup_manifest(postgres::major_version(details.version), details.system_id, files,
                                  {{details.timeline, details.start, details.stop}});
  }

  /// pg_control last, when everything else is on disk: without it no server starts.
  void finish(RestoreWriter& writer) {
    sync_.finish();
    writer.put(options_.to / control_path, control_);
    for (const auto& link : paths_.links()) remove_marker(link.location);
    remove_marker(options_.to);
  }

  const RestoreOptions& options_;
  const RecoveryPlan& plan_;
  repository::BlobReader& reader_;
  wal::Fetcher& fetcher_;
  Monitor& monitor_;
  std::stop_token stop_;
  TargetPaths paths_;
  std::optional<os::Account> owner_;
  RestoreTree tree_;
  std::optional<Delta> delta_;
  os::TreeSync sync_;
  Bytes control_;
  std::atomic<std::uint64_t> fetched_{0};
};

}  // namespace

RestoreSize measure_restore(const RestoreOptions& options, const RecoveryPlan& plan, repository::BlobReader& reader,
                            std::stop_token stop) {
  const auto& details = plan.base.details;
  const auto tree = load_tree(plan.base.loaded.manifest, reader, wanted_by(options), stop);
  const TargetPaths paths(options.to, details.tablespaces, options.tablespace_map);
  check_space(paths, tree, options.scope, wal_bytes(details), onto_of(options));
  const Delta delta(paths, tree, details.block_size);
  RestoreSize size{tree.files.size(), tree.plain_bytes, 0, tree.packs.size()};
  for (const auto& pack : tree.packs) {
    throw_if_stopped(stop);
    const auto wanted = options.delta ? differing(delta, {&pack, pack.blobs}, reader, stop) : pack.blobs;
    std::vector<std::uint32_t> entries;
    for (const auto& blob : wanted) entries.push_back(blob.entry);
    size.fetch_bytes += reader.planned_bytes(*reader.directory(pack.pack, stop), entries);
    if (options.delta) size.kept_bytes += bytes_of(pack.blobs) - bytes_of(wanted);
  }
  return size;
}

RestoreSize restore_cluster(const RestoreOptions& options, const RecoveryPlan& plan, repository::BlobReader& reader,
                            wal::Fetcher& fetcher, Monitor& monitor, std::stop_token stop) {
  return ClusterRestore(options, plan, reader, fetcher, monitor, stop).run();
}

}  // namespace owl::cluster
