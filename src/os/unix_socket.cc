#include "os/unix_socket.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "os/file.h"

namespace owl::os {
namespace {

constexpr std::size_t longest_line = 4096, most_descriptors = 8;

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.size() >= sizeof address.sun_path) {
    throw Error(ErrorKind::config, fmt::format("the socket path {} is too long for the system (107 letters)", text))
        .with_hint("Choose a shorter folder for it.");
  }
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

Error socket_error(const std::string& what) {
  const int error = errno;
  return Error(kind_of_errno(error), what).with_errno(error);
}

bool wait_until_readable(int fd, std::chrono::milliseconds patience) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
}

/// Room for the control message that carries descriptors.
using ControlRoom = std::array<char, CMSG_SPACE(sizeof(int) * most_descriptors)>;

void take_descriptors(msghdr& message, std::vector<FileDescriptor>& out) {
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      out.emplace_back(fd);
    }
  }
}

/// Reads until the line ends; descriptors come with its first byte.
SocketMessage read_line(int fd, std::chrono::milliseconds patience) {
  SocketMessage out;
  while (out.line.size() < longest_line && wait_until_readable(fd, patience)) {
    std::array<char, longest_line> text{};
    alignas(cmsghdr) ControlRoom control{};
    iovec data{text.data(), longest_line - out.line.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto size = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    take_descriptors(message, out.descriptors);
    out.line.append(text.data(), static_cast<std::size_t>(size));
    if (const auto end = out.line.find('\n'); end != out.line.npos) {
      out.line.resize(end);
      return out;
    }
  }
  return {};
}

bool send_line(int fd, std::string_view line, std::span<const int> descriptors) {
  OWL_CHECK(descriptors.size() <= most_descriptors, "more descriptors than a message carries");
  alignas(cmsghdr) ControlRoom control{};
  std::string text(line);
  text += '\n';
  iovec data{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  return ::sendmsg(fd, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

FileDescriptor connect_to(const std::filesystem::path& path) {
  const auto address = address_of(path);
  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

}  // namespace

std::optional<std::uint32_t> SocketConversation::peer_uid() const {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

SocketMessage SocketConversation::receive(std::chrono::milliseconds patience) const {
  return read_line(fd_.get(), patience);
}

void SocketConversation::answer(std::string text) const {
  std::ranges::replace(text, '\n', ' ');
  (void)send_line(fd_.get(), text, {});
}

SocketListener::SocketListener(std::filesystem::path path, std::optional<std::uint32_t> owner_uid)
    : path_(std::move(path)) {
  const auto address = address_of(path_);
  if (connect_to(path_).valid()) {
    throw Error(ErrorKind::already_exists, fmt::format("somebody is already listening on {}", path_.string()));
  }
  make_folders(path_.parent_path(), 0755);
  remove_file(path_);
  fd_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto old_mask = ::umask(0177);
  const int bound = ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::umask(old_mask);
  if (!fd_.valid() || bound != 0 || ::listen(fd_.get(), 64) != 0) {
    throw socket_error(fmt::format("can't listen on {}", path_.string()));
  }
  if (owner_uid && ::geteuid() == 0 && ::chown(path_.c_str(), *owner_uid, static_cast<gid_t>(-1)) != 0) {
    throw socket_error(fmt::format("can't give {} to uid {}", path_.string(), *owner_uid));
  }
}

SocketListener::~SocketListener() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

std::optional<SocketConversation> SocketListener::accept(std::chrono::milliseconds patience) const {
  if (!wait_until_readable(fd_.get(), patience)) return std::nullopt;
  FileDescriptor connection(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection.valid()) return std::nullopt;
  return SocketConversation(std::move(connection));
}

std::optional<std::string> ask_socket(const std::filesystem::path& path, std::string_view line,
                                      std::span<const int> descriptors, std::chrono::milliseconds patience) {
  const auto fd = connect_to(path);
  if (!fd.valid() || !send_line(fd.get(), line, descriptors)) return std::nullopt;
  auto answer = read_line(fd.get(), patience).line;
  if (answer.empty()) return std::nullopt;
  return answer;
}

}  // namespace owl::os
