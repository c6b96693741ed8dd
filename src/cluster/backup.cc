#include "cluster/backup.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <optional>

#include "cluster/backup_checks.h"
#include "cluster/base.h"
#include "cluster/cluster_walk.h"
#include "cluster/memory_plan.h"
#include "cluster/reading.h"
#include "cluster/standby.h"
#include "cluster/wal_wait.h"
#include "os/file.h"
#include "os/system.h"
#include "repository/backup_session.h"
#include "repository/catalogue.h"
#include "repository/head.h"
#include "wal/change_history.h"

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

    if (source_.facts.in_recovery) await_primary();
    monitor_.phase("starting the backup (checkpoint)", 0);
    const std::string label = options_.label.empty() ? "owlbackup" : options_.label;
    postgres::OnlineBackup online(connection_, label, options_.fast_checkpoint);
    details_.start_time = server_time();
    session.announce_wal(details_.system_id, source_.facts.timeline, online.start_lsn().value);
    begin_at(online.start_lsn());
    choose_base(session);
    list();
    read_files(session, online);
    session.hand_over_data();  // the last pack is uploaded while the server finishes its side
    finish_online(online);
    wait();
    session.flush_data();
    reading_->map().finish();
    auto result = commit(session, reading_->map());
    result.duration = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.monotonic() - begin);
    return result;
  }

 private:
  void list() {
    monitor_.phase("listing files", 0, "files");
    files_ = list_cluster({source_.data_directory,
                           source_.tablespace_version,
                           details_.block_size,
                           details_.relation_segment_blocks,
                           clock_.now(),
                           {options_.state_directory},
                           config_files()});
    os::trim_heap();  // of the names in the largest folder
    if (!files_.holds_control()) {
      throw Error(ErrorKind::io, fmt::format("{} has no {}", source_.data_directory.string(), control_path));
    }
  }

  Timestamp server_time() {
    const auto micros = connection_.query_text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8");
    return {std::strtoll(micros.c_str(), nullptr, 10)};
  }

  /// Configuration that lies outside the data directory (Debian's /etc/postgresql) comes along, for whoever has to set
  /// up the server anew. It is never needed to restore, so one that can't be read is only noted.
  std::vector<ListedFile> config_files() {
    std::vector<ListedFile> files;
    for (const auto& name : postgres::read_config_files(connection_)) {
      const std::filesystem::path path(name);
      const auto inside = path.lexically_relative(source_.data_directory);
      if (!inside.empty() && *inside.begin() != "..") continue;
      const auto status = os::status_of(path, true);
      if (!status || status->type != os::FileType::regular || ::access(name.c_str(), R_OK) != 0) {
        monitor_.note(fmt::format("the configuration file {} can't be read and is not part of the backup", name));
        continue;
      }
      files.push_back(
          {std::string(config_prefix) + name, false, false, status->mode, status->size, status->modified, 0});
    }
    return files;
  }

  PieceReader::Options reader_options() const {
    return {source_.data_directory, details_.block_size, details_.checksums, options_.zstd_level};
  }

  void await_primary() {
    standby_.emplace(connection_, options_.primary, clock_, monitor_);
    if (options_.fast_checkpoint) standby_->replay_checkpoint(options_.wal_timeout, stop_);
    source_ = check_source(connection_, options_, clock_);  // it may have been promoted meanwhile
  }

  /// What the label says at the end, for those who must know it now.
  void begin_at(postgres::Lsn start) {
    if (standby_) standby_->require_timeline(source_.facts.timeline);
    details_.start = start;
    details_.timeline = source_.facts.timeline;
  }

  void choose_base(repository::BackupSession& session) {
    if (options_.full) {
      details_.full_reason = "it was asked for";
      return;
    }
    monitor_.phase("finding out what changed", 0);
    auto found = find_base(session, stores_, keys_, details_, stop_);
    if (found) {
      base_ = std::move(*found);
    } else {
      details_.full_reason = found.error().message();
      monitor_.note(fmt::format("everything is read: {}", details_.full_reason));
    }
  }

  void read_files(repository::BackupSession& session, postgres::OnlineBackup& online) {
    if (!base_ || !read_changes(session, online)) {
      begin_reading(session, online);
      reading_->read_all();
    }
    read_control_file();
  }

  /// False: what the maps say was refuted, and everything is to be read.
  bool read_changes(repository::BackupSession& session, postgres::OnlineBackup& online) {
    begin_reading(session, online);
    constexpr std::size_t most_directories = 8u << 20;  // bytes; the listing's order asks for neighbours
    repository::BlobReader blobs(stores_, keys_, {}, most_directories);
    try {
      const auto turn = base_->backup.manifest.sequence + 1;
      auto marks = earlier_marks();
      reading_->read_changes(*base_, marks, blobs, {options_.audit_period, turn}, details_);
      require_known_history();
      details_.base = base_->id();
      return true;
    } catch (const MapRefuted& refuted) {
      details_.map_fault = refuted.message();
      details_.full_reason = "the change map was proven wrong";
      monitor_.warning(fmt::format(
          "The change map can't be relied on: {}. This backup reads everything instead and is whole; please report it.",
          details_.map_fault));
      return false;
    }
  }

  FileMarks marks_of(const std::string& backup) const { return {backup, boot_id()}; }

  EarlierMarks earlier_marks() {
    return EarlierMarks::of_file(marks_file(options_.state_directory), marks_of(base_->id()));
  }

  /// Not to have them costs the next backup time, no more.
  void remember_marks(const std::string& backup) {
    try {
      os::replace_file_in_parts(marks_file(options_.state_directory),
                                [&](const os::AppendBytes& append) { write_marks(marks_of(backup), files_, append); });
    } catch (const Error& error) {
      monitor_.note(fmt::format("the next backup reads more than it needs to: {}", error.what()));
    }
  }

  void begin_reading(repository::BackupSession& session, postgres::OnlineBackup& online) {
    reading_.emplace(Reading::Context{files_, session, keys_.writer_naming, reader_options(), memory_.workers, clock_,
                                      monitor_, stop_, [&online] { online.check_alive(); }});
  }

  /// A page that is ahead of the server's WAL comes from another history: the server was rolled back under us.
  void require_known_history() {
    const auto text = connection_.query_text(standby_ ? "SELECT pg_catalog.pg_last_wal_replay_lsn()"
                                                      : "SELECT pg_catalog.pg_current_wal_insert_lsn()");
    const auto reached = value_or_throw(postgres::parse_lsn(text));
    if (reading_->greatest_lsn() <= reached) return;
    throw MapRefuted(fmt::format("a page has the LSN {}, but the server's WAL has only reached {}",
                                 to_text(reading_->greatest_lsn()), text));
  }

  void read_control_file() {
    const auto control = postgres::read_control_file(source_.data_directory, clock_);
    if (control.parsed.data_checksum_version != source_.control.data_checksum_version) {
      throw Error(ErrorKind::conflict, "page checksums were turned on or off while the backup was made");
    }
    reading_->read_control(control.raw);
  }

  void finish_online(postgres::OnlineBackup& online) {
    monitor_.phase("finishing the backup", 0);
    const auto stopped = online.stop();
    details_.stop = stopped.stop;
    details_.label_file = stopped.label_file;
    details_.tablespace_map = stopped.tablespace_map;
    const auto label = value_or_throw(postgres::parse_backup_label(stopped.label_file));
    if (label.start != details_.start || label.timeline != details_.timeline) {
      throw Error(ErrorKind::conflict,
                  fmt::format("the backup began at {} on timeline {}, but its label says {} on timeline {}",
                              to_text(details_.start), details_.timeline, to_text(label.start), label.timeline));
    }
    details_.checkpoint = label.checkpoint;
    need_ = {details_.system_id, details_.timeline, details_.start, details_.stop, details_.wal_segment_size};
    if (standby_) {
      standby_->require_timeline(details_.timeline);
      standby_->end_segment(details_.stop);
    } else {
      note_stop_record();  // at once: the segment was ended by the stop just now, and a checkpoint may recycle it later
    }
  }

  bool note_stop_record() {
    wal::ChangeHistoryQuery query;
    query.data_directory = source_.data_directory;
    query.system_id = details_.system_id;
    query.segment_size = details_.wal_segment_size;
    const auto last = wal::last_local_record(query, details_.timeline, {details_.stop.value - 1});
    details_.stop_record = last.value_or(wal::LastRecord{});
    return last.has_value();
  }

  void wait() {
    wait_for_wal(
        need_, stores_, options_.wal_timeout, [&] { return archiver_state(); }, clock_, monitor_, stop_);
    require_own_wal();
  }

  /// The names are there. Of a server that was rolled back they were there before, with WAL of another history.
  void require_own_wal() {
    const auto segment = needed_segments(need_).back();
    wal::Fetcher fetcher(stores_, keys_, {}, {details_.system_id, std::nullopt, details_.wal_segment_size});
    const auto info = fetcher.info(segment, stop_);
    if (!info || !info->segment.map) return;
    const wal::LastRecord archived{info->segment.map->last, info->segment.map->last_crc};
    if (standby_) await_stop_record(archived);
    if (details_.stop_record.lsn.value == 0 || details_.stop_record == archived) return;
    throw Error(
        ErrorKind::conflict,
        fmt::format("WAL segment {} in the archive is not the one that the server wrote while this backup was made",
                    segment))
        .with_hint(
            "The server was rolled back to an earlier state, or another one archives under the same names. The backup "
            "was "
            "not committed. The server's log says what archive_command answers.");
  }

  /// A standby has the segment's end when it has received it, which may be after it was archived.
  void await_stop_record(const wal::LastRecord& archived) {
    constexpr std::chrono::milliseconds pause{100};
    const auto begin = clock_.monotonic();
    for (;;) {
      if (!note_stop_record() || details_.stop_record == archived) return;
      if (clock_.monotonic() - begin > options_.wal_timeout) return;
      clock_.sleep(pause, stop_);
      throw_if_stopped(stop_);
    }
  }

  std::string archiver_state() {
    if (standby_) return standby_->why_waiting();
    const auto rows =
        connection_.query("SELECT failed_count, last_failed_wal, last_archived_wal FROM pg_catalog.pg_stat_archiver");
    if (rows.empty() || !rows[0][1]) return "the server's archiver reports no failure";
    return fmt::format("the server's archiver failed {} times, last with {}", rows[0][0].value_or("?"), *rows[0][1]);
  }

  std::uint64_t count_pages() const {
    ListingReader files(files_);
    std::uint64_t pages = 0;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (const auto& file = files[i]; file.is_relation) pages += file.size / details_.block_size;
    }
    return pages;
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
    std::ranges::move(reading_->rotten_pages(), std::back_inserter(manifest.warnings));
    manifest.wal = repository::WalNeed{details_.system_id,
                                       details_.wal_segment_size,
                                       {{details_.timeline, details_.start.value, details_.stop.value}}};
    details_.bad_pages = static_cast<std::uint32_t>(read.bad_pages);
    details_.pages_read = reading_->read_bytes() / details_.block_size;
    details_.pages_audited = reading_->audited_bytes() / details_.block_size;
    details_.pages_total = count_pages();
    manifest.details = serialize(details_);
    const auto committed =
        session.commit(std::move(manifest), map.leaves().packs_used(),
                       [&](repository::StoreSet::Member& store) { require_wal(need_, store, stop_); });
    remember_marks(to_hex(session.manifest_key().lease));
    BackupResult result;
    result.files = read.files;
    result.plain_bytes = read.plain_bytes;
    result.bad_pages = read.bad_pages;
    result.key = committed.key;
    result.id = to_hex(session.manifest_key().lease).substr(0, 8);
    result.stores = committed.stores;
    result.read_bytes = reading_->read_bytes() + reading_->audited_bytes();
    result.base = details_.base.substr(0, 8);
    result.full_reason = details_.full_reason;
    result.map_fault = details_.map_fault;
    result.pages = details_.pages_total;
    result.pages_read = details_.pages_read;
    result.pages_audited = details_.pages_audited;
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
  Listing files_;
  std::optional<StandbySource> standby_;
  std::optional<BackupBase> base_;
  std::optional<Reading> reading_;
  NeededWal need_;
};

}  // namespace

BackupResult run_backup(const BackupOptions& options, repository::StoreSet& stores, const crypto::HostKeys& keys,
                        Clock& clock, Random& random, Monitor& monitor, std::stop_token stop) {
  return ClusterBackup(options, stores, keys, clock, random, monitor, stop).run();
}

}  // namespace owl::cluster
