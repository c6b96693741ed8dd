#include "wal/service.h"

#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <memory>
#include <thread>

#include "codec/json.h"
#include "concurrency/guarded.h"
#include "concurrency/task_group.h"
#include "os/file.h"
#include "wal/level.h"

namespace owl::wal {
namespace {

using codec::Json;

constexpr std::chrono::milliseconds request_patience{5000}, accept_patience{500};
constexpr std::size_t most_conversations = 32;

/// What owl-wal sends beside its line, in this order.
WalSource source_of(os::SocketMessage& request, const ServiceOptions& options, Clock& clock) {
  if (request.descriptors.size() != 3) {
    throw Error(ErrorKind::usage, "a push needs the descriptors of the file, of pg_control and of the data directory");
  }
  WalSource source;
  source.name = request.line.substr(request.line.find(' ') + 1);
  source.path = "pg_wal/" + source.name;
  source.file = std::move(request.descriptors[0]);
  source.control = postgres::read_control_file(request.descriptors[1], "global/pg_control", clock).parsed;
  source.data_directory = identity_of(request.descriptors[2], "the data directory");
  source.wal_folder = options.look_ahead.data_directory / "pg_wal";
  source.data_directory_path = "of the server that asks";
  return source;
}

class Conversations {
 public:
  Conversations(Archiver& archiver, Guarded<DiskGuard>& disk, const ServiceOptions& options, Clock& clock,
                std::stop_token stop)
      : archiver_(archiver), disk_(disk), options_(options), clock_(clock), stop_(std::move(stop)) {}

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
    auto request = conversation.receive(request_patience);
    if (request.line == "status") return "ok " + describe_service(archiver_, disk_.lock()->state());
    if (!request.line.starts_with("push ")) return "error the request makes no sense";
    try {
      auto source = source_of(request, options_, clock_);
      if (source.control.system_id != options_.system_id) return "elsewhere";
      archiver_.archive(std::move(source), stop_);
      return "ok";
    } catch (const Error& error) {
      return fmt::format("error {}{}{}", error.what(), error.hint().empty() ? "" : " ", error.hint());
    }
  }

  Archiver& archiver_;
  Guarded<DiskGuard>& disk_;
  const ServiceOptions& options_;
  Clock& clock_;
  std::stop_token stop_;
  std::list<Running> threads_;
};

void keep_level(Archiver& archiver, const crypto::HostKeys& keys, const ServiceOptions& options, Clock& clock,
                Monitor& monitor, const std::stop_token& stop) {
  const bool one_store = archiver.lanes().size() < 2;
  if (one_store && archiver.spool() == nullptr) return;
  bool looked = false;
  while (clock.sleep(options.level_every, stop)) {
    try {
      const auto drained = drain_spool(archiver, keys, monitor, stop);
      if (drained > 0) monitor.note(fmt::format("{} WAL files went from the spool to the stores", drained));
      if (one_store) continue;
      if (!looked) looked = find_missed(archiver, options.system_id, stop);
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

}  // namespace

void serve_wal(const os::SocketListener& listener, Archiver& archiver, const crypto::HostKeys& keys,
               const ServiceOptions& options, Clock& clock, Monitor& monitor, std::stop_token stop) {
  Guarded<DiskGuard> disk;
  TaskGroup group(stop);
  group.add("wal-disk", [&](const std::stop_token& token) { watch_disk(options, disk, clock, monitor, token); });
  group.add("wal-ahead", [&](std::stop_token token) { look_ahead(archiver, options.look_ahead, clock, token); });
  group.add("wal-level",
            [&](const std::stop_token& token) { keep_level(archiver, keys, options, clock, monitor, token); });
  group.add("wal-socket", [&](std::stop_token token) {
    Conversations conversations(archiver, disk, options, clock, token);
    while (!token.stop_requested()) {
      if (auto conversation = listener.accept(accept_patience)) conversations.begin(std::move(*conversation));
    }
  });
  group.wait();
}

std::string describe_service(Archiver& archiver, const DiskState& disk) {
  const auto state = archiver.state();
  Json lanes = Json::array();
  for (const auto& lane : archiver.lanes()) {
    const auto one = lane->state();
    lanes.push(Json()
                   .set("store", lane->name())
                   .set("answers", !one.breaker.open)
                   .set("failures", one.breaker.failures)
                   .set("last_error", one.breaker.last_error)
                   .set("waiting", one.waiting)
                   .set("missed", one.missed));
  }
  Json out;
  out.set("pid", ::getpid()).set("archived", state.archived).set("plain_bytes", state.plain_bytes);
  out.set("stored_bytes", state.stored_bytes).set("last_archived", state.last_archived);
  out.set("last_time", state.last_time.micros == 0 ? "" : to_iso(state.last_time)).set("last_error", state.last_error);
  out.set("running", state.running)
      .set("waiting_to_be_asked", state.waiting_to_be_asked)
      .set("stores", std::move(lanes));
  Json fill;
  fill.set("used_percent", disk.percent).set("free_bytes", disk.free_bytes);
  if (disk.time_left) fill.set("seconds_until_full", disk.time_left->count());
  out.set("disk", std::move(fill));
  if (auto* spool = archiver.spool()) {
    const auto held = spool->state();
    out.set("spool", Json().set("files", held.files).set("bytes", held.bytes).set("limit_bytes", held.limit_bytes));
  }
  return out.dump();
}

}  // namespace owl::wal
