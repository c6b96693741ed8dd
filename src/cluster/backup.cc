#include "cluster/backup.h"

#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <span>

#include "cluster/backup_checks.h"
#include "cluster/file_pieces.h"
#include "cluster/map_writer.h"
#include "cluster/memory_plan.h"
#include "cluster/piece_reader.h"
#include "cluster/wal_wait.h"
#include "cluster/work_items.h"
#include "concurrency/task_group.h"
#include "os/file.h"
#include "repository/backup_session.h"
#include "repository/catalogue.h"
#include "repository/head.h"

namespace owl::cluster {
namespace {

/// The steps of one backup, in the order in which `run` calls them.
class ClusterBackup {
 public:
  ClusterBackup(const BackupOptions& options, repository::StoreSet& stores, const crypto::HostKeys& keys, Clock& clock,
                Random& random, Monitor& monitor, std::stop_token stop)
      : options_(options),
        stores_(stores),
        keys_(keys),
        clock_(clock),
        random_(random),
        monitor_(monitor),
        stop_(stop),
        memory_(plan_memory(options.memory_bytes, options.workers, options.zstd_level)),
        connection_(options.connection) {}

  BackupResult run() {
    const auto begin = clock_.monotonic();
    source_ = check_source(connection_, options_, clock_);
    details_ = describe_source(connection_, source_);
    repository::SessionOptions session_options{"cluster", options_.name, options_.label, options_.state_directory};
    session_options.buffer_bytes = memory_.pack_buffers;
    repository::BackupSession session(stores_, keys_, session_options, clock_, random_, monitor_, stop_);
    session.announce_wal(details_.system_id, source_.facts.timeline, source_.control.redo.value);

    monitor_.phase("starting the backup (checkpoint)", 0);
    const std::string label = options_.label.empty() ? "owlbackup" : options_.label;
    postgres::OnlineBackup online(connection_, label, options_.fast_checkpoint);
    details_.start_time = server_time();
    session.announce_wal(details_.system_id, source_.facts.timeline, online.start_lsn().value);
    list();
    FilePieces pieces(files_);
    MapWriter map(files_, pieces, session, monitor_);
    read_files(session, pieces, map, online);
    read_control_file(session, pieces);
    session.hand_over_data();  // the last pack is uploaded while the server finishes its side
    finish_online(online);
    wait();
    session.flush_data();
    map.finish();
    auto result = commit(session, map);
    result.duration = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.monotonic() - begin);
    return result;
  }

 private:
  void list() {
    monitor_.phase("listing files", 0, "files");
    files_ = list_cluster(
        {source_.data_directory, source_.tablespace_version, details_.block_size, details_.relation_segment_blocks});
    if (files_.empty() || files_.back().path != control_path) {
      throw Error(ErrorKind::io, fmt::format("{} has no {}", source_.data_directory.string(), control_path));
    }
    add_config_files();
  }

  Timestamp server_time() {
    const auto micros = connection_.query_text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8");
    return {std::strtoll(micros.c_str(), nullptr, 10)};
  }

  /// Configuration that lies outside the data directory (Debian's /etc/postgresql) comes along, for whoever has to set
  /// up the server anew. It is never needed to restore, so one that can't be read is only noted.
  void add_config_files() {
    for (const auto& name : postgres::read_config_files(connection_)) {
      const std::filesystem::path path(name);
      const auto inside = path.lexically_relative(source_.data_directory);
      if (!inside.empty() && *inside.begin() != "..") continue;
      const auto status = os::status_of(path, true);
      if (!status || status->type != os::FileType::regular || ::access(name.c_str(), R_OK) != 0) {
        monitor_.note(fmt::format("the configuration file {} can't be read and is not part of the backup", name));
        continue;
      }
      files_.push_back(
          {std::string(config_prefix) + name, false, false, status->mode, status->size, status->modified, 0});
    }
    sort_listing(files_);
  }

  PieceReader::Options reader_options() const {
    return {source_.data_directory, details_.block_size, details_.checksums, options_.zstd_level};
  }

  void read_files(repository::BackupSession& session, FilePieces& pieces, MapWriter& map,
                  postgres::OnlineBackup& online) {
    const auto without_control = std::span<const ListedFile>(files_).first(files_.size() - 1);
    WorkPlan plan(without_control);
    std::uint64_t total = 0;
    for (const auto& file : without_control) total += file.size;
    monitor_.phase("reading", total);

    std::atomic<unsigned> finished{0};
    std::stop_source watched;  // ends the watch: with the last worker, or with the group
    TaskGroup group(stop_);
    for (unsigned i = 0; i < memory_.workers; ++i) {
      group.add("backup-read", [&](std::stop_token stop) {
        PieceReader reader(files_, pieces, session, keys_.writer_naming, reader_options(), clock_);
        while (const auto item = plan.next()) {
          throw_if_stopped(stop);
          const auto bytes = reader.process(*item);
          read_bytes_ += bytes;
          monitor_.advance(bytes);
        }
        if (++finished == memory_.workers) watched.request_stop();
      });
    }
    // A lost session voids the backup however much is read already: notice it while the workers read.
    group.add("backup-watch", [&](std::stop_token stop) {
      const std::stop_callback with_group(stop, [&] { watched.request_stop(); });
      while (clock_.sleep(std::chrono::milliseconds(100), watched.get_token())) online.check_alive();
    });
    group.add("backup-map", [&](std::stop_token stop) {
      const std::stop_callback with_group(stop, [&] { watched.request_stop(); });
      while (clock_.sleep(std::chrono::milliseconds(200), watched.get_token())) map.advance();
    });
    group.wait();
  }

  void read_control_file(repository::BackupSession& session, FilePieces& pieces) {
    const auto control = postgres::read_control_file(source_.data_directory, clock_);
    PieceReader reader(files_, pieces, session, keys_.writer_naming, reader_options(), clock_);
    reader.process_bytes(static_cast<std::uint32_t>(files_.size() - 1), control.raw);
  }

  void finish_online(postgres::OnlineBackup& online) {
    monitor_.phase("finishing the backup", 0);
    const auto stopped = online.stop();
    details_.stop = stopped.stop;
    details_.label_file = stopped.label_file;
    details_.tablespace_map = stopped.tablespace_map;
    const auto label = value_or_throw(postgres::parse_backup_label(stopped.label_file));
    details_.start = label.start;
    details_.checkpoint = label.checkpoint;
    details_.timeline = label.timeline;
    need_ = {details_.system_id, details_.timeline, details_.start, details_.stop, details_.wal_segment_size};
  }

  void wait() {
    wait_for_wal(
        need_, stores_, options_.wal_timeout, [&] { return archiver_state(); }, clock_, monitor_, stop_);
  }

  std::string archiver_state() {
    const auto rows =
        connection_.query("SELECT failed_count, last_failed_wal, last_archived_wal FROM pg_catalog.pg_stat_archiver");
    if (rows.empty() || !rows[0][1]) return "the server's archiver reports no failure";
    return fmt::format("the server's archiver failed {} times, last with {}", rows[0][0].value_or("?"), *rows[0][1]);
  }

  BackupResult commit(repository::BackupSession& session, const MapWriter& map) {
    monitor_.phase("committing", 0);
    const auto& read = map.summary();
    repository::Manifest manifest;
    manifest.kind = "cluster";
    manifest.name = options_.name;
    manifest.label = options_.label;
    manifest.leaves = map.leaves().leaves();
    manifest.plain_bytes = read.plain_bytes;
    manifest.items = read.files;
    manifest.warnings = read.warnings;
    manifest.wal = repository::WalNeed{details_.system_id,
                                       details_.wal_segment_size,
                                       {{details_.timeline, details_.start.value, details_.stop.value}}};
    details_.bad_pages = static_cast<std::uint32_t>(read.bad_pages);
    details_.pages_read = read_bytes_ / details_.block_size;
    manifest.details = serialize(details_);
    const auto committed =
        session.commit(std::move(manifest), map.leaves().packs_used(),
                       [&](repository::StoreSet::Member& store) { require_wal(need_, store, stop_); });
    BackupResult result;
    result.files = read.files;
    result.plain_bytes = read.plain_bytes;
    result.bad_pages = read.bad_pages;
    result.key = committed.key;
    result.id = to_hex(session.manifest_key().lease).substr(0, 8);
    result.stores = committed.stores;
    result.read_bytes = read_bytes_;
    result.stored_bytes = committed.new_bytes;
    result.known_blobs = session.known_blobs();
    result.start_lsn = to_text(details_.start);
    result.stop_lsn = to_text(details_.stop);
    result.timeline = details_.timeline;
    result.sequence = committed.sequence;
    result.head = to_text(repository::Head{committed.sequence, committed.digest});
    return result;
  }

  const BackupOptions& options_;
  repository::StoreSet& stores_;
  const crypto::HostKeys& keys_;
  Clock& clock_;
  Random& random_;
  Monitor& monitor_;
  std::stop_token stop_;
  const MemoryPlan memory_;
  postgres::Connection connection_;
  BackupSource source_;
  ClusterDetails details_;
  std::vector<ListedFile> files_;
  std::atomic<std::uint64_t> read_bytes_{0};
  NeededWal need_;
};

}  // namespace

BackupResult run_backup(const BackupOptions& options, repository::StoreSet& stores, const crypto::HostKeys& keys,
                        Clock& clock, Random& random, Monitor& monitor, std::stop_token stop) {
  return ClusterBackup(options, stores, keys, clock, random, monitor, stop).run();
}

}  // namespace owl::cluster
