#include "wal/service.h"

#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <memory>
#include <thread>

#include "concurrency/guarded.h"
#include "concurrency/task_group.h"
#include "os/file.h"
#include "wal/level.h"
#include "wal/service_metrics.h"
#include "wal/service_request.h"

namespace owl::wal {
namespace {

constexpr std::chrono::milliseconds request_patience{5000}, accept_patience{500};
constexpr std::size_t most_conversations = 32;

/// What owl-wal sends beside its line, in this order.
WalSource source_of(const std::string& name, os::SocketMessage& request, const ServiceOptions& options, Clock& clock) {
  if (request.descriptors.size() != 3) {
    throw Error(ErrorKind::usage, "a push needs the descriptors of the file, of pg_control and of the data directory");
  }
  WalSource source;
  source.name = name;
  source.path = "pg_wal/" + source.name;
  source.file = std::move(request.descriptors[0]);
  source.control = postgres::read_control_file(request.descriptors[1], "global/pg_control", clock).parsed;
  source.data_directory = identity_of(request.descriptors[2], "the data directory");
  source.wal_folder = options.look_ahead.data_directory / "pg_wal";
  source.data_directory_path = "of the server that asks";
  return source;
}

/// What the service is doing just now. Thread-safe, like what it asks.
class Snapshots {
 public:
  Snapshots(Archiver& archiver, Guarded<DiskGuard>& disk, const ArchiveWatch& watch, const ServiceOptions& options,
            Clock& clock)
      : archiver_(archiver), disk_(disk), watch_(watch), options_(options), clock_(clock) {}

  ServiceSnapshot take() const {
    ServiceSnapshot out;
    out.now = clock_.now();
    out.archiver = archiver_.state();
    for (const auto& lane : archiver_.lanes()) out.lanes.push_back({lane->name(), lane->state()});
    if (auto* spool = archiver_.spool()) out.spool = spool->state();
    out.disk = disk_.lock()->state();
    out.disk_seen = out.disk.free_bytes > 0 || out.disk.percent > 0;
    out.watch = watch_.state();
    out.segment_size = options_.watch.segment_size;
    out.waiting = waiting_files(options_.look_ahead.data_directory);
    if (options_.stream != nullptr) out.stream = *options_.stream->lock();
    return out;
  }

 private:
  Archiver& archiver_;
  Guarded<DiskGuard>& disk_;
  const ArchiveWatch& watch_;
  const ServiceOptions& options_;
  Clock& clock_;
};

class Conversations {
 public:
  Conversations(Archiver& archiver, const Snapshots& snapshots, const ServiceOptions& options, Clock& clock,
                std::stop_token stop)
      : archiver_(archiver), snapshots_(snapshots), options_(options), clock_(clock), stop_(std::move(stop)) {}

  void begin(os::SocketConversation conversation) {
    std::erase_if(threads_, [](const Running& running) { return running.done->load(); });
    if (threads_.size() >= most_conversations) return conversation.answer("error the WAL service has its hands full");
    const auto done = std::make_shared<std::atomic<bool>>(false);
    auto shared = std::make_shared<os::SocketConversation>(std::move(conversation));
    threads_.push_back({done, std::jthread([this, done, shared] {
                          shared->answer(answer_to(*shared));
                          *done = true;
                        })});
  }

 private:
  struct Running {
    std::shared_ptr<std::atomic<bool>> done;
    std::jthread thread;
  };

  std::string answer_to(const os::SocketConversation& conversation) {
    const auto peer = conversation.peer_uid();
    if (!peer || (*peer != options_.owner_uid && *peer != 0 && *peer != ::geteuid())) {
      return "error this account may not ask the WAL service";
    }
    auto message = conversation.receive(request_patience);
    const auto request = parse_service_request(message.line);
    if (!request) return fmt::format("error {}", request.error().what());
    if (request->kind == ServiceRequest::Kind::status) return "ok " + to_json_text(snapshots_.take());
    try {
      auto source = source_of(request->file_name, message, options_, clock_);
      if (source.control.system_id != options_.system_id) return "elsewhere";
      archiver_.archive(std::move(source), stop_);
      return "ok";
    } catch (const Error& error) {
      return fmt::format("error {}{}{}", error.what(), error.hint().empty() ? "" : " ", error.hint());
    }
  }

  Archiver& archiver_;
  const Snapshots& snapshots_;
  const ServiceOptions& options_;
  Clock& clock_;
  std::stop_token stop_;
  std::list<Running> threads_;
};

void keep_level(Archiver& archiver, const crypto::HostKeys& keys, const ServiceOptions& options, Clock& clock,
                Monitor& monitor, const std::stop_token& stop) {
  const bool one_store = archiver.lanes().size() < 2;
  if (one_store && archiver.spool() == nullptr) return;
  while (clock.sleep(options.level_every, stop)) {
    try {
      const auto drained = drain_spool(archiver, keys, monitor, stop);
      if (drained > 0) monitor.note(fmt::format("{} WAL files went from the spool to the stores", drained));
      if (one_store) continue;
      const auto level = level_missed(archiver, options.system_id, keys, monitor, stop);
      if (level > 0) monitor.note(fmt::format("{} WAL files brought level between the stores", level));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::cancelled) monitor.warning(fmt::format("bringing stores level: {}", error.what()));
    }
  }
}

/// PostgreSQL stops when this disk is full.
void watch_disk(const ServiceOptions& options, Guarded<DiskGuard>& guard, Clock& clock, Monitor& monitor,
                const std::stop_token& stop) {
  const auto folder = options.look_ahead.data_directory / "pg_wal";
  do {
    try {
      const auto disk = os::file_system_of(folder);
      const auto event = guard.lock()->look({clock.monotonic(), disk.free_bytes, disk.total_bytes});
      if (!event) continue;
      if (event->threshold > 0) {
        monitor.warning(to_text(*event));
      } else {
        monitor.note(to_text(*event));
      }
    } catch (const Error&) {
      // Out of this account's sight: nothing to tell.
    }
  } while (clock.sleep(options.look_at_disk_every, stop));
}

/// The folder is another program's: where it isn't there, nobody collects.
void write_metrics(const Snapshots& snapshots, const ServiceOptions& options, Clock& clock, Monitor& monitor,
                   const std::stop_token& stop) {
  constexpr unsigned readable = 0644;
  bool told = false;
  do {
    try {
      if (!os::status_of(options.textfile.parent_path(), true)) continue;
      os::replace_file(options.textfile, as_bytes(to_metrics(snapshots.take(), options.name)), readable);
      told = false;
    } catch (const Error& error) {
      if (!told) monitor.warning(fmt::format("the metrics can't be written: {}", error.what()));
      told = true;
    }
  } while (clock.sleep(options.watch.every, stop));
}

}  // namespace

void serve_wal(const os::SocketListener& listener, Archiver& archiver, const crypto::HostKeys& keys,
               const ServiceOptions& options, Clock& clock, Monitor& monitor, std::stop_token stop) {
  Guarded<DiskGuard> disk;
  ArchiveWatch watch(archiver, keys, options.watch, clock, monitor);
  const Snapshots snapshots(archiver, disk, watch, options, clock);
  TaskGroup group(stop);
  group.add("wal-disk", [&](const std::stop_token& token) { watch_disk(options, disk, clock, monitor, token); });
  group.add("wal-ahead", [&](std::stop_token token) { look_ahead(archiver, options.look_ahead, clock, token); });
  group.add("wal-level",
            [&](const std::stop_token& token) { keep_level(archiver, keys, options, clock, monitor, token); });
  group.add("wal-socket", [&](std::stop_token token) {
    Conversations conversations(archiver, snapshots, options, clock, token);
    while (!token.stop_requested()) {
      if (auto conversation = listener.accept(accept_patience)) conversations.begin(std::move(*conversation));
    }
  });
  group.add("wal-check", [&](std::stop_token token) { watch.run(token); });
  if (!options.textfile.empty()) {
    group.add("wal-metrics",
              [&](const std::stop_token& token) { write_metrics(snapshots, options, clock, monitor, token); });
  }
  group.wait();
}

}  // namespace owl::wal
