#include "wal/stream_session.h"

#include <fmt/core.h>

#include <utility>

#include "base/units.h"
#include "postgres/standby_names.h"
#include "wal/memory_source.h"
#include "wal/open_segment.h"

namespace owl::wal {
namespace {

using namespace std::chrono_literals;
using postgres::SegmentId;
using NextTimeline = postgres::ReplicationConnection::NextTimeline;

constexpr auto patience = 100ms;    // for one message, and so how late a stop or a stored piece is noticed
constexpr auto report_every = 10s;  // wal_sender_timeout is 60 s
constexpr auto ask_after = 20s, dead_after = 60s;  // without a word from the server
constexpr auto report_pause = 50ms;                // between two
constexpr auto let_go_after = 10s;                 // of a server that waits for us
constexpr auto look_every = 30s;                   // at synchronous_standby_names

void require_asynchronous(postgres::Connection& sql, const StreamOptions& options) {
  if (options.synchronous) return;
  const auto names = sql.query_text("SELECT pg_catalog.current_setting('synchronous_standby_names')");
  if (!postgres::names_synchronous_standby(names, options.application_name)) return;
  throw Error(ErrorKind::refused,
              fmt::format("the server's synchronous_standby_names = '{}' would make each commit wait until this stream "
                          "has stored it (application_name {})",
                          names, options.application_name))
      .with_hint(
          "Name the standbys that are meant, instead of '*'; or set wal.stream_synchronous = true if commits shall "
          "wait for the store.");
}

bool in_recovery(postgres::Connection& sql) {
  return sql.query_text("SELECT pg_catalog.pg_is_in_recovery()") == "t";
}

}  // namespace

StreamSession::StreamSession(const StreamContext& context)
    : in_(context),
      sql_(in_.options.connection),
      replication_(in_.options.connection, in_.options.application_name),
      server_(replication_.identify_system()) {
  if (server_.system_id != in_.system_id) {
    throw Error(ErrorKind::conflict, fmt::format("the server is of another cluster now (system id {}, it was {})",
                                                 server_.system_id, in_.system_id));
  }
  require_asynchronous(sql_, in_.options);
}

void StreamSession::run(const std::stop_token& stop) {
  find_path(stop);
  const auto slot_restart = find_slot(stop);
  const auto open = in_.buffer.open_segment();
  auto from = open && is_on_path(*open) ? *open : find_begin(slot_restart, stop);
  while (!stop.stop_requested()) {
    try {
      const auto next = stream(from, stop);
      if (next) from = follow(*next, stop);
    } catch (const Error& error) {
      if (error.sqlstate() != "58P01") throw;  // undefined_file: the server has removed that segment
      from = skip_missing(from, stop);
    }
  }
}

void StreamSession::find_path(const std::stop_token& stop) {
  if (server_.timeline == 1) return;
  const auto file = replication_.timeline_history(server_.timeline);
  path_ = postgres::TimelinePath(server_.timeline, value_or_throw(postgres::parse_timeline_history(file.content)));
  const auto archive = load_archive(stop);
  if (archive.has(server_.timeline, file.name)) return;
  if (!in_.options.new_timeline) require_new_timeline_is_fit(path_, in_.segment_size, archive);
  archive_history(file, stop);
}

bool StreamSession::is_on_path(SegmentId segment) const {
  const auto* stretch = path_.find(segment.timeline);
  return stretch != nullptr && postgres::start_of(segment, in_.segment_size) < stretch->end;
}

/// A store that doesn't answer now is left out of one look, and not for good.
Archive StreamSession::load_archive(const std::stop_token& stop) {
  repository::StoreSet answering(in_.stores.alive(), in_.monitor);
  return Archive::load(answering, in_.system_id, stop);
}

bool StreamSession::streamed_before(const std::stop_token& stop) {
  repository::StoreSet answering(in_.stores.alive(), in_.monitor);
  return has_open_pieces(answering, in_.system_id, server_.timeline, stop);
}

/// Where the slot keeps WAL from.
postgres::Lsn StreamSession::find_slot(const std::stop_token& stop) {
  const auto rows = sql_.query(
      "SELECT restart_lsn, wal_status FROM pg_catalog.pg_replication_slots WHERE slot_name = $1", {in_.options.slot});
  const bool was_begun = in_.state.lock()->pieces > 0;
  const bool may_make = in_.options.create_slot && !was_begun;
  if (rows.empty()) {
    // That there was none yet is no loss; nor on a timeline of which nothing was streamed: slots stay behind with the
    // old primary.
    const bool was_there =
        (was_begun && in_.buffer.open_segment()->timeline == server_.timeline) || streamed_before(stop);
    if (was_there && !may_make) throw slot_is_gone("is gone");
    return make_slot(false);
  }
  if (rows[0][1] == "lost") {
    if (!may_make) throw slot_is_gone("was invalidated: it held more WAL than max_slot_wal_keep_size");
    return make_slot(true);
  }
  return rows[0][0] ? value_or_throw(postgres::parse_lsn(*rows[0][0])) : server_.flushed;
}

postgres::Lsn StreamSession::make_slot(bool drop_first) {
  if (drop_first) replication_.drop_slot(in_.options.slot);
  replication_.create_slot(in_.options.slot);
  const auto kept = value_or_throw(postgres::parse_lsn(sql_.query_text(
      "SELECT restart_lsn FROM pg_catalog.pg_replication_slots WHERE slot_name = $1", {in_.options.slot})));
  in_.monitor.note(
      fmt::format("replication slot {} made; it keeps WAL from {} on", in_.options.slot, postgres::to_text(kept)));
  return kept;
}

Error StreamSession::slot_is_gone(const std::string& how) const {
  const auto received = in_.buffer.received();
  const auto since = received.value == 0 ? std::string("what is archived last") : postgres::to_text(received);
  return Error(ErrorKind::refused, fmt::format("the replication slot {} {}: WAL after {} may be missing from now on",
                                               in_.options.slot, how, since))
      .with_hint(
          "`owlbackup wal stream --create-slot` makes it anew and says from where to where WAL is missing, if any is. "
          "Then make a backup: `owlbackup backup cluster`.");
}

SegmentId StreamSession::find_begin(postgres::Lsn slot_restart, const std::stop_token& stop) {
  const auto archive = load_archive(stop);
  const auto start = choose_stream_start(server_, in_recovery(sql_), path_, slot_restart, in_.segment_size, archive);
  return start.missing_from.value_or(start.segment);
}

/// The server has not got the segment any more: what it has begins later.
SegmentId StreamSession::skip_missing(SegmentId wanted, const std::stop_token& stop) {
  const auto archive = load_archive(stop);
  const auto start = choose_stream_start(server_, in_recovery(sql_), path_, find_slot(stop), in_.segment_size, archive);
  if (start.segment.number <= wanted.number) {
    throw Error(ErrorKind::refused, fmt::format("the server has removed WAL segment {}, which the slot {} should keep",
                                                postgres::to_file_name(wanted, in_.segment_size), in_.options.slot))
        .with_hint("`owlbackup wal stream --create-slot`, then `owlbackup backup cluster`.");
  }
  in_.monitor.warning(fmt::format(
      "WAL is missing: segments {} up to before {} are neither archived nor on the server any more; no restore can "
      "pass "
      "them. Make a backup now: `owlbackup backup cluster`",
      postgres::to_file_name(wanted, in_.segment_size), postgres::to_file_name(start.segment, in_.segment_size)));
  return start.segment;
}

std::optional<NextTimeline> StreamSession::stream(SegmentId from, const std::stop_token& stop) {
  const auto begin = postgres::start_of(from, in_.segment_size);
  try {
    replication_.start(in_.options.slot, begin, from.timeline);
  } catch (const Error& error) {
    if (error.sqlstate() != "55006") throw;  // object_in_use: a receiver that was killed is let go of after a while
    throw Error(ErrorKind::transient, error.message());
  }
  in_.buffer.begin(from);
  {
    auto state = in_.state.lock();
    state->connected = true;
    state->timeline = from.timeline;
    state->last_error.clear();
  }
  in_.monitor.note(fmt::format("streaming WAL of timeline {} from {} on, by slot {}", from.timeline,
                               postgres::to_text(begin), in_.options.slot));
  return receive(stop);
}

std::optional<NextTimeline> StreamSession::receive(const std::stop_token& stop) {
  heard_ = in_.clock.monotonic();
  report_now_ = true;
  while (!stop.stop_requested()) {
    if (in_.buffer.has_room()) {
      full_since_.reset();
      const auto received = replication_.receive(patience);
      using What = postgres::ReplicationConnection::Received::What;
      if (received.what == What::end) {
        const auto next = replication_.finish();
        if (next) return next;
        throw Error(ErrorKind::unreachable, "the server shuts down");
      }
      if (received.what == What::message) take(received.message);
    } else {
      wait_for_room(stop);
    }
    report_if_due();
    look_after_server();
  }
  return std::nullopt;
}

void StreamSession::take(const postgres::ReplicationMessage& message) {
  heard_ = in_.clock.monotonic();
  if (const auto* wal = std::get_if<postgres::WalDataMessage>(&message)) {
    in_.buffer.append(wal->start, wal->wal);
  } else if (std::get<postgres::KeepaliveMessage>(message).reply_requested) {
    note_wish_for_report();
  }
}

/// Reports go out often enough that a server asks for one when it shuts down only: it has sent all, and waits until we
/// call all of it flushed. What is open is stored at once, then; but a store that is away must not keep the server up.
void StreamSession::note_wish_for_report() {
  report_now_ = true;
  if (in_.buffer.flushed() == in_.buffer.received()) return waited_for_.reset();
  if (!waited_for_) waited_for_ = in_.clock.monotonic();
  in_.buffer.hurry();
  if (in_.clock.monotonic() - *waited_for_ < let_go_after) return;
  throw Error(ErrorKind::unreachable,
              "the server waits to shut down, and what it wrote last can't be stored; the slot keeps it");
}

/// The archive is behind. A server that can't send what it has can't shut down either, so it is not kept waiting for
/// long: its disk holds the WAL, and the slot keeps it.
void StreamSession::wait_for_room(const std::stop_token& stop) {
  heard_ = in_.clock.monotonic();
  if (!full_since_) full_since_ = heard_;
  if (heard_ - *full_since_ > let_go_after) {
    throw Error(ErrorKind::transient,
                "segments can't be archived as fast as they come, or not at all; the slot keeps WAL");
  }
  in_.clock.sleep(patience, stop);
}

void StreamSession::report_if_due() {
  const auto now = in_.clock.monotonic();
  const auto flushed = in_.buffer.flushed();
  if (now - heard_ > dead_after) throw Error(ErrorKind::timeout, "the server has not said a word for a minute");
  if (!report_now_ && flushed == reported_flush_ && now - reported_ < report_every) return;
  if (now - reported_ < report_pause) return;
  const auto received = in_.buffer.received();
  replication_.send({received, flushed, {}, in_.clock.now(), now - heard_ > ask_after});
  reported_ = now;
  reported_flush_ = flushed;
  report_now_ = false;
  auto state = in_.state.lock();
  state->received = received;
  state->flushed = flushed;
}

void StreamSession::look_after_server() {
  const auto now = in_.clock.monotonic();
  if (now - looked_ >= look_every) {
    require_asynchronous(sql_, in_.options);
    looked_ = now;
  }
  if (in_.options.heartbeat > 0ms && (beat_ == 0ns || now - beat_ >= in_.options.heartbeat)) {
    heartbeat_.beat();
    beat_ = now;
  }
}

SegmentId StreamSession::follow(const NextTimeline& next, const std::stop_token& stop) {
  in_.monitor.note(fmt::format("timeline {} ends at {}; the server goes on with timeline {}",
                               in_.state.lock()->timeline, postgres::to_text(next.begin), next.timeline));
  if (!in_.buffer.drain(20s, stop)) {
    in_.monitor.warning("the end of the old timeline could not be stored in time; the new one holds it, too");
  }
  archive_history(replication_.timeline_history(next.timeline), stop);
  return postgres::segment_of(next.timeline, next.begin, in_.segment_size);
}

/// Before anything of its timeline: without it, nobody finds the way there.
void StreamSession::archive_history(const postgres::TimelineHistoryFile& file, const std::stop_token& stop) {
  in_.archiver.archive(source_in_memory(file.name, file.content, in_.system_id, in_.segment_size), stop);
}

}  // namespace owl::wal
