#include "wal/stream.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/units.h"
#include "concurrency/task_group.h"
#include "postgres/connection.h"
#include "wal/memory_source.h"
#include "wal/piece_writer.h"
#include "wal/stream_session.h"

namespace owl::wal {
namespace {

using namespace std::chrono_literals;

constexpr unsigned archiving_threads = 2;

/// Segments that may wait in memory: as many as make 64 MiB, but two at least, for one is being received.
std::size_t most_segments(std::uint32_t segment_size) {
  return std::clamp<std::size_t>(64 * MiB / segment_size, 2, 8);
}

/// What waiting can't mend.
bool needs_a_person(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::refused:
    case ErrorKind::config:
    case ErrorKind::conflict:
    case ErrorKind::unsupported:
    case ErrorKind::no_key:
      return true;
    default:
      return false;
  }
}

/// Says what goes wrong once, and again only when something else does.
class Complaint {
 public:
  explicit Complaint(Monitor& monitor) : monitor_(monitor) {}
  void about(std::string what) {
    if (what == last_) return;
    monitor_.warning(what);
    last_ = std::move(what);
  }
  void over() { last_.clear(); }

 private:
  Monitor& monitor_;
  std::string last_;
};

/// A pause that doubles, up to half a minute.
class Pause {
 public:
  std::chrono::milliseconds next() {
    return std::exchange(pause_, std::min<std::chrono::milliseconds>(2 * pause_, 30s));
  }
  void reset() { pause_ = first; }

 private:
  static constexpr std::chrono::milliseconds first{500};
  std::chrono::milliseconds pause_ = first;
};

/// What any role may ask.
struct Server {
  postgres::SystemId system_id = 0;
  std::uint32_t wal_segment_size = 0;
};
Server read_server(const std::string& conninfo) {
  postgres::Connection connection(conninfo);
  const auto number = [&](std::string_view sql) {
    const auto text = connection.query_text(sql);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return value;
    throw Error(ErrorKind::unsupported, fmt::format("the server answered \"{}\" where a number belongs", text));
  };
  return {
      number("SELECT system_identifier FROM pg_catalog.pg_control_system()"),
      static_cast<std::uint32_t>(number("SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_segment_size'"))};
}

void store_pieces(const StreamContext& in, PieceWriter& writer, const std::stop_token& stop) {
  Complaint complaint(in.monitor);
  Pause pause;
  while (const auto cut = in.buffer.next_cut(stop)) {
    try {
      const auto bytes = writer.write(*cut, stop);
      in.buffer.stored(*cut);
      auto state = in.state.lock();
      ++state->pieces;
      state->piece_bytes += bytes;
      state->last_piece = in.clock.now();
      complaint.over();
      pause.reset();
    } catch (const Error& error) {
      if (stop.stop_requested()) return;
      complaint.about(fmt::format("a piece of WAL segment {} could not be stored: {}",
                                  postgres::to_file_name(cut->segment, in.segment_size), error.what()));
      in.clock.sleep(pause.next(), stop);
    }
  }
}

void archive_one(const StreamContext& in, const StreamBuffer::Whole& whole, const std::stop_token& stop) {
  Complaint complaint(in.monitor);
  for (Pause pause; !stop.stop_requested(); in.clock.sleep(pause.next(), stop)) {
    try {
      in.archiver.archive(source_in_memory(whole, in.system_id), stop);
      in.buffer.archived(whole.segment);
      ++in.state.lock()->segments;
      return;
    } catch (const Error& error) {
      if (stop.stop_requested()) return;
      if (needs_a_person(error)) throw;
      complaint.about(fmt::format("a streamed segment could not be archived: {}", error.what()));
    }
  }
}

void archive_segments(const StreamContext& in, const std::stop_token& stop) {
  while (const auto whole = in.buffer.next_whole(stop)) archive_one(in, *whole, stop);
}

void receive(const StreamContext& in, const std::stop_token& stop) {
  Complaint complaint(in.monitor);
  for (Pause pause; !stop.stop_requested(); in.clock.sleep(pause.next(), stop)) {
    if (!in.buffer.wait_for_room(stop)) return;
    try {
      StreamSession(in).run(stop);
    } catch (const Error& error) {
      if (stop.stop_requested()) return;
      auto state = in.state.lock();
      const bool once_worked = state->received.value != 0;
      if (std::exchange(state->connected, false)) pause.reset();
      state->last_error = error.what();
      // A server that is just starting up denies, too.
      if (needs_a_person(error) || (error.kind() == ErrorKind::denied && !once_worked)) throw;
      complaint.about(fmt::format("streaming was cut: {}; trying again", error.what()));
    }
  }
}

}  // namespace

void stream_wal(const StreamOptions& options, Archiver& archiver, repository::StoreSet& stores,
                const crypto::HostKeys& keys, Guarded<StreamState>& state, Clock& clock, Random& random,
                Monitor& monitor, std::stop_token stop) {
  const auto server = read_server(options.connection);
  const auto interval = options.synchronous ? std::chrono::milliseconds(0) : options.interval;
  StreamBuffer buffer(server.wal_segment_size, most_segments(server.wal_segment_size), interval, clock);
  PieceWriter writer(
      stores, keys, {server.system_id, server.wal_segment_size, options.open_stores, options.zstd_level, options.check},
      clock, random);
  const StreamContext context{options, archiver, stores, buffer, state, server.system_id, server.wal_segment_size,
                              clock,   monitor};
  TaskGroup group(stop);
  group.add("wal-pieces", [&](const std::stop_token& token) { store_pieces(context, writer, token); });
  for (unsigned i = 0; i < archiving_threads; ++i) {
    group.add("wal-segments", [&](const std::stop_token& token) { archive_segments(context, token); });
  }
  group.add("wal-receive", [&](const std::stop_token& token) { receive(context, token); });
  group.wait();
}

}  // namespace owl::wal
