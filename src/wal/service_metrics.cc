#include "wal/service_metrics.h"

#include <unistd.h>

#include <algorithm>

#include "codec/json.h"
#include "observe/prometheus_text.h"
#include "os/file.h"
#include "wal/look_ahead.h"

namespace owl::wal {
namespace {

using codec::Json;
using Type = PrometheusText::Type;

double seconds(Timestamp time) {
  return static_cast<double>(time.micros) / 1e6;
}

double number(std::uint64_t value) {
  return static_cast<double>(value);
}

std::uint64_t segments_in(const std::vector<Gap>& gaps) {
  std::uint64_t count = 0;
  for (const auto& gap : gaps) count += gap.segments();
  return count;
}

Json lanes_json(const ServiceSnapshot& snapshot) {
  Json out = Json::array();
  for (const auto& lane : snapshot.lanes) {
    out.push(Json()
                 .set("store", lane.store)
                 .set("answers", !lane.state.breaker.open)
                 .set("failures", lane.state.breaker.failures)
                 .set("last_error", lane.state.breaker.last_error)
                 .set("waiting", lane.state.waiting)
                 .set("missed", lane.state.missed));
  }
  return out;
}

Json disk_json(const DiskState& disk) {
  Json out;
  out.set("used_percent", disk.percent).set("free_bytes", disk.free_bytes);
  if (disk.time_left) out.set("seconds_until_full", disk.time_left->count());
  return out;
}

Json watch_json(const ServiceSnapshot& snapshot) {
  const auto& watch = snapshot.watch;
  Json gaps = Json::array(), unlisted = Json::array();
  for (const auto& gap : watch.gaps) {
    gaps.push(Json()
                  .set("first", postgres::to_file_name({gap.timeline, gap.first}, snapshot.segment_size))
                  .set("last", postgres::to_file_name({gap.timeline, gap.last}, snapshot.segment_size))
                  .set("segments", gap.segments()));
  }
  for (const auto& store : watch.unlisted) unlisted.push(store);
  return Json()
      .set("last_check", watch.last_look.micros == 0 ? Json() : Json(to_iso(watch.last_look)))
      .set("unlisted", std::move(unlisted))
      .set("gaps", std::move(gaps))
      .set("acknowledged_gaps", watch.acknowledged_gaps)
      .set("lost", watch.lost)
      .set("repaired", watch.repaired)
      .set("last_error", watch.last_error);
}

Json stream_json(const StreamState& stream) {
  return Json()
      .set("connected", stream.connected)
      .set("timeline", stream.timeline)
      .set("received_lsn", postgres::to_text(stream.received))
      .set("durable_lsn", postgres::to_text(stream.flushed))
      .set("pieces", stream.pieces)
      .set("piece_bytes", stream.piece_bytes)
      .set("segments", stream.segments)
      .set("last_piece", stream.last_piece.micros == 0 ? Json() : Json(to_iso(stream.last_piece)))
      .set("last_error", stream.last_error);
}

/// Writes one text with every sample labelled by the set-up's name.
class Metrics {
 public:
  Metrics(const ServiceSnapshot& snapshot, const std::string& name) : s_(snapshot), name_(name) {}

  std::string write() {
    archiving();
    lag();
    stores();
    if (s_.spool) spool(*s_.spool);
    if (s_.disk_seen) disk();
    check();
    if (s_.stream) stream(*s_.stream);
    gauge("owlbackup_wal_metrics_timestamp_seconds", "When these metrics were written", seconds(s_.now));
    return text_.text();
  }

 private:
  void gauge(std::string_view metric, std::string_view help, double value) { one(metric, Type::gauge, help, value); }
  void counter(std::string_view metric, std::string_view help, double value) {
    one(metric, Type::counter, help, value);
  }
  void one(std::string_view metric, Type type, std::string_view help, double value) {
    text_.family(metric, type, help);
    text_.sample(value, {{"name", name_}});
  }

  void archiving() {
    const auto& a = s_.archiver;
    counter("owlbackup_wal_archived_files_total", "WAL files that PostgreSQL was told are archived",
            number(a.archived));
    counter("owlbackup_wal_archived_bytes_total", "Their size as PostgreSQL wrote them", number(a.plain_bytes));
    counter("owlbackup_wal_stored_bytes_total", "Their size as stored", number(a.stored_bytes));
    counter("owlbackup_wal_failures_total", "Asks of PostgreSQL's that were answered with an error", number(a.failed));
    counter("owlbackup_wal_unproven_files_total",
            "Files that the WAL codec did not give back as they were; stored by zstd alone", number(a.unproven));
    if (a.last_time.micros != 0) {
      gauge("owlbackup_wal_last_archived_timestamp_seconds", "When PostgreSQL was last told so", seconds(a.last_time));
    }
  }

  void lag() {
    if (!s_.waiting) return;
    const auto files = s_.waiting->files;
    gauge("owlbackup_wal_ready_files", "Files that wait in archive_status", number(files));
    gauge("owlbackup_wal_lag_bytes", "The size of those, at a segment each", number(files * s_.segment_size));
    gauge("owlbackup_wal_lag_seconds", "How long the oldest of them waits",
          files == 0 ? 0.0 : std::max(0.0, seconds(s_.now) - seconds(s_.waiting->oldest)));
  }

  template <typename Value>
  void for_each_store(std::string_view metric, std::string_view help, Value value) {
    text_.family(metric, Type::gauge, help);
    for (const auto& lane : s_.lanes) text_.sample(value(lane.state), {{"name", name_}, {"store", lane.store}});
  }

  void stores() {
    for_each_store("owlbackup_wal_store_up", "0 while the store is given a rest after failures in a row",
                   [](const auto& state) { return state.breaker.open ? 0.0 : 1.0; });
    for_each_store("owlbackup_wal_store_failures", "Failures in a row",
                   [](const auto& state) { return static_cast<double>(state.breaker.failures); });
    for_each_store("owlbackup_wal_store_missed_files", "Files that the store lacks and another has",
                   [](const auto& state) { return number(state.missed); });
    for_each_store("owlbackup_wal_store_waiting_files", "Files that wait for the store",
                   [](const auto& state) { return number(state.waiting); });
  }

  void spool(const Spool::State& held) {
    gauge("owlbackup_wal_spool_files", "Files on this host alone", number(held.files));
    gauge("owlbackup_wal_spool_bytes", "Their size", number(held.bytes));
    gauge("owlbackup_wal_spool_limit_bytes", "The most that the spool holds", number(held.limit_bytes));
  }

  void disk() {
    gauge("owlbackup_wal_disk_used_ratio", "How full pg_wal's disk is, 0 to 1", s_.disk.percent / 100.0);
    gauge("owlbackup_wal_disk_threshold_ratio", "The highest of 0.5, 0.75, 0.9 that is reached; 0: none",
          s_.disk.threshold / 100.0);
    gauge("owlbackup_wal_disk_free_bytes", "What is free there", number(s_.disk.free_bytes));
    if (!s_.disk.time_left) return;  // it isn't filling
    gauge("owlbackup_wal_disk_seconds_until_full", "At the rate of the last ten minutes; absent while it isn't filling",
          static_cast<double>(s_.disk.time_left->count()));
  }

  void check() {
    const auto& watch = s_.watch;
    gauge("owlbackup_wal_gaps", "Gaps that nobody has acknowledged", number(watch.gaps.size()));
    gauge("owlbackup_wal_gap_segments", "Segments missing in those", number(segments_in(watch.gaps)));
    gauge("owlbackup_wal_acknowledged_gaps", "Gaps that somebody has acknowledged", number(watch.acknowledged_gaps));
    counter("owlbackup_wal_lost_files_total", "Files that vanished from a store", number(watch.lost));
    counter("owlbackup_wal_repaired_files_total", "Missing files archived again from pg_wal", number(watch.repaired));
    if (watch.last_look.micros == 0) return;
    gauge("owlbackup_wal_last_check_timestamp_seconds", "When every store was last listed and compared",
          seconds(watch.last_look));
  }

  void stream(const StreamState& state) {
    gauge("owlbackup_wal_stream_up", "1 while WAL is received over the replication protocol", state.connected ? 1 : 0);
    counter("owlbackup_wal_stream_pieces_total", "Pieces of open segments stored", number(state.pieces));
    counter("owlbackup_wal_stream_piece_bytes_total", "Their size as PostgreSQL wrote them", number(state.piece_bytes));
    counter("owlbackup_wal_stream_segments_total", "Whole segments archived from the stream", number(state.segments));
    gauge("owlbackup_wal_stream_undurable_bytes", "Received and not yet durable in a store",
          number(state.received.value - std::min(state.received.value, state.flushed.value)));
    if (state.last_piece.micros == 0) return;
    gauge("owlbackup_wal_stream_last_piece_timestamp_seconds", "When the last piece became durable",
          seconds(state.last_piece));
  }

  const ServiceSnapshot& s_;
  const std::string& name_;
  PrometheusText text_;
};

}  // namespace

std::optional<ServiceSnapshot::Waiting> waiting_files(const std::filesystem::path& data_directory) {
  try {
    const auto names = ready_files(data_directory);
    if (!names) return std::nullopt;
    ServiceSnapshot::Waiting out;
    for (const auto& name : *names) {
      const auto status = os::status_of(data_directory / "pg_wal" / "archive_status" / (name + ".ready"));
      if (!status) continue;  // archived meanwhile
      if (out.files == 0 || status->modified < out.oldest) out.oldest = status->modified;
      ++out.files;
    }
    return out;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string to_json_text(const ServiceSnapshot& snapshot) {
  const auto& a = snapshot.archiver;
  Json out;
  out.set("pid", ::getpid()).set("archived", a.archived).set("failed", a.failed).set("plain_bytes", a.plain_bytes);
  out.set("stored_bytes", a.stored_bytes).set("last_archived", a.last_archived);
  out.set("last_time", a.last_time.micros == 0 ? "" : to_iso(a.last_time)).set("last_error", a.last_error);
  out.set("running", a.running).set("waiting_to_be_asked", a.waiting_to_be_asked);
  out.set("ready", snapshot.waiting ? Json(snapshot.waiting->files) : Json());
  out.set("stores", lanes_json(snapshot)).set("disk", disk_json(snapshot.disk)).set("check", watch_json(snapshot));
  if (const auto& held = snapshot.spool) {
    out.set("spool", Json().set("files", held->files).set("bytes", held->bytes).set("limit_bytes", held->limit_bytes));
  }
  if (snapshot.stream) out.set("stream", stream_json(*snapshot.stream));
  return out.dump();
}

std::string to_metrics(const ServiceSnapshot& snapshot, const std::string& name) {
  return Metrics(snapshot, name).write();
}

}  // namespace owl::wal
