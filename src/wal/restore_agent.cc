#include "wal/restore_agent.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "codec/json.h"
#include "os/file.h"
#include "os/file_descriptor.h"
#include "wal/agent_request.h"

namespace owl::wal {
namespace {

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.size() >= sizeof address.sun_path) {
    throw Error(ErrorKind::config, fmt::format("the socket path {} is too long for the system (107 letters)", text))
        .with_hint("Choose a shorter [state] directory.");
  }
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

Error socket_error(const std::string& what) {
  const int error = errno;
  return Error(kind_of_errno(error), what).with_errno(error);
}

/// What a client sent: a line, and the descriptor that came with it.
struct Received {
  std::string text;
  os::FileDescriptor destination;
};

/// Owns every descriptor of a message, however many somebody sent: those that nobody wants are closed.
std::vector<os::FileDescriptor> descriptors_of(msghdr& message) {
  std::vector<os::FileDescriptor> out;
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      out.emplace_back(fd);
    }
  }
  return out;
}

Received receive(const os::FileDescriptor& connection) {
  std::array<char, longest_agent_request> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec data{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto size = ::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC);
  if (size <= 0) return {};
  Received received;
  auto descriptors = descriptors_of(message);
  if (!descriptors.empty()) received.destination = std::move(descriptors.front());
  received.text.assign(text.data(), static_cast<std::size_t>(size));
  return received;
}

void answer(const os::FileDescriptor& connection, std::string text) {
  for (auto& c : text) c = c == '\n' ? ' ' : c;
  text += '\n';
  (void)::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

bool is_allowed(const os::FileDescriptor& connection, std::uint32_t owner) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == owner || peer.uid == 0 || peer.uid == ::geteuid();
}

void limit_waiting(const os::FileDescriptor& connection, std::chrono::milliseconds patience) {
  const timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
  for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    (void)::setsockopt(connection.get(), SOL_SOCKET, direction, &limit, sizeof limit);
  }
}

/// Has the recovery that this agent serves ended? The server removes recovery.signal when it is done.
bool recovery_over(const std::filesystem::path& data_directory) {
  if (!os::status_of(data_directory, true)) return true;
  return !os::status_of(data_directory / "recovery.signal") && !os::status_of(data_directory / "standby.signal");
}

class Agent {
 public:
  Agent(const AgentOptions& options, Fetcher& fetcher) : options_(options), fetcher_(fetcher) {}

  void serve(os::FileDescriptor connection, std::stop_token stop) {
    if (!is_allowed(connection, options_.owner_uid)) return;
    const auto received = receive(connection);
    const auto request = parse_agent_request(received.text);
    if (!request) return answer(connection, fmt::format("error {}", request.error().what()));
    switch (request->kind) {
      case AgentRequest::Kind::ping:
        return answer(connection, "ok " + state());
      case AgentRequest::Kind::stop:
        stopped_ = true;
        return answer(connection, "ok");
      case AgentRequest::Kind::fetch:
        if (!received.destination.valid()) return answer(connection, "error no open file came with the request");
        return answer(connection, fetch(request->file_name, received.destination, stop));
    }
  }
  bool stopped() const { return stopped_; }

 private:
  std::string fetch(const std::string& name, const os::FileDescriptor& destination, std::stop_token stop) {
    try {
      const auto bytes = fetcher_.fetch(name, stop);
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
        .set("data_directory", options_.data_directory.string());
    return out.dump();
  }

  const AgentOptions& options_;
  Fetcher& fetcher_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::string last_;
  std::uint64_t files_ = 0, bytes_ = 0;
};

}  // namespace

AgentSocket::AgentSocket(const AgentOptions& options) : path_(options.socket) {
  const auto address = address_of(path_);
  if (ask_agent(path_, "ping")) {
    throw Error(ErrorKind::already_exists, fmt::format("an agent is already listening on {}", path_.string()));
  }
  os::make_folders(path_.parent_path(), 0755);
  os::remove_file(path_);
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto old_mask = ::umask(0177);
  const int bound = ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::umask(old_mask);
  if (fd_ < 0 || bound != 0 || ::listen(fd_, 16) != 0) {
    throw socket_error(fmt::format("can't listen on {}", path_.string()));
  }
  if (::geteuid() == 0 && ::chown(path_.c_str(), options.owner_uid, static_cast<gid_t>(-1)) != 0) {
    throw socket_error(fmt::format("can't give {} to uid {}", path_.string(), options.owner_uid));
  }
}

AgentSocket::~AgentSocket() {
  if (fd_ >= 0) ::close(fd_);
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void serve_agent(AgentSocket& socket, const AgentOptions& options, Fetcher& fetcher, Clock& clock,
                 std::stop_token stop) {
  Agent agent(options, fetcher);
  const auto end = clock.monotonic() + options.time_to_live;
  std::vector<std::jthread> workers;
  bool seen_recovery = false;
  while (!stop.stop_requested() && !agent.stopped() && clock.monotonic() < end) {
    // A restore writes recovery.signal near its end: until it was seen once, its absence means nothing.
    const bool over = recovery_over(options.data_directory);
    seen_recovery = seen_recovery || !over;
    if (seen_recovery && over) return;
    pollfd waiting{socket.descriptor(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(options.look_every.count())) <= 0) continue;
    os::FileDescriptor connection(::accept4(socket.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid()) continue;
    limit_waiting(connection, options.patience);
    if (workers.size() > 16) workers.clear();  // joins: at most that many at once
    workers.emplace_back([&agent, stop, fd = std::make_shared<os::FileDescriptor>(std::move(connection))] {
      agent.serve(std::move(*fd), stop);
    });
  }
}

std::optional<std::string> ask_agent(const std::filesystem::path& socket, std::string_view request) {
  const auto address = address_of(socket);
  const os::FileDescriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return std::nullopt;
  const auto line = std::string(request) + "\n";
  if (::send(connection.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0) return std::nullopt;
  std::array<std::uint8_t, 4096> reply{};
  const auto size = os::read_some(connection, reply, "agent");
  return std::string(as_text(ByteView(reply).first(size)));
}

}  // namespace owl::wal
