#include "wal/restore_agent.h"

#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "codec/json.h"
#include "os/file.h"
#include "wal/agent_request.h"

namespace owl::wal {
namespace {

bool is_allowed(const os::SocketConversation& conversation, std::uint32_t owner) {
  const auto peer = conversation.peer_uid();
  return peer && (*peer == owner || *peer == 0 || *peer == ::geteuid());
}

/// Has the recovery that this agent serves ended? The server removes recovery.signal when it is done.
bool recovery_over(const std::filesystem::path& data_directory) {
  if (!os::status_of(data_directory, true)) return true;
  return !os::status_of(data_directory / "recovery.signal") && !os::status_of(data_directory / "standby.signal");
}

class Agent {
 public:
  Agent(const AgentOptions& options, Prefetcher& wal) : options_(options), wal_(wal) {}

  void serve(const os::SocketConversation& conversation, std::stop_token stop) {
    if (!is_allowed(conversation, options_.owner_uid)) return;
    const auto message = conversation.receive(options_.patience);
    const auto request = parse_agent_request(message.line);
    if (!request) return conversation.answer(fmt::format("error {}", request.error().what()));
    switch (request->kind) {
      case AgentRequest::Kind::ping:
        return conversation.answer("ok " + state());
      case AgentRequest::Kind::stop:
        stopped_ = true;
        return conversation.answer("ok");
      case AgentRequest::Kind::fetch:
        if (message.descriptors.empty()) return conversation.answer("error no open file came with the request");
        return conversation.answer(fetch(request->file_name, message.descriptors.front(), stop));
    }
  }
  bool stopped() const { return stopped_; }

 private:
  std::string fetch(const std::string& name, const os::FileDescriptor& destination, std::stop_token stop) {
    try {
      const auto bytes = wal_.fetch(name, stop);
      if (!bytes) return "absent";
      os::write_all(destination, *bytes, name);
      const std::lock_guard lock(mutex_);
      last_ = name;
      ++files_;
      bytes_ += bytes->size();
      return "ok";
    } catch (const Error& error) {
      return fmt::format("error {}", error.what());
    }
  }

  std::string state() {
    const std::lock_guard lock(mutex_);
    codec::Json out;
    out.set("files", files_)
        .set("bytes", bytes_)
        .set("last", last_)
        .set("at_hand", wal_.state().ready)
        .set("data_directory", options_.data_directory.string());
    return out.dump();
  }

  const AgentOptions& options_;
  Prefetcher& wal_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::string last_;
  std::uint64_t files_ = 0, bytes_ = 0;
};

}  // namespace

os::SocketListener listen_as_agent(const AgentOptions& options) {
  return os::SocketListener(options.socket, options.owner_uid);
}

void serve_agent(const os::SocketListener& listener, const AgentOptions& options, Prefetcher& wal, Clock& clock,
                 std::stop_token stop) {
  Agent agent(options, wal);
  const auto end = clock.monotonic() + options.time_to_live;
  std::vector<std::jthread> workers;
  bool seen_recovery = false;
  while (!stop.stop_requested() && !agent.stopped() && clock.monotonic() < end) {
    // A restore writes recovery.signal near its end: until it was seen once, its absence means nothing.
    const bool over = recovery_over(options.data_directory);
    seen_recovery = seen_recovery || !over;
    if (seen_recovery && over) return;
    auto conversation = listener.accept(options.look_every);
    if (!conversation) continue;
    if (workers.size() > 16) workers.clear();  // joins: at most that many at once
    workers.emplace_back(
        [&agent, stop, held = std::make_shared<os::SocketConversation>(std::move(*conversation))]() mutable {
          agent.serve(*held, stop);
          held.reset();  // hangs up now, not when the thread is joined
        });
  }
}

std::optional<std::string> ask_agent(const std::filesystem::path& socket, std::string_view request) {
  return os::ask_socket(socket, request);
}

}  // namespace owl::wal
