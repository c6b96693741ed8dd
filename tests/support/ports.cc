#include "support/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/error.h"

namespace owl::test {
namespace {

// Below the ports that the kernel gives to outgoing connections, which would be in the way now and then.
constexpr int lowest_port = 20000, block_count = 1000;

/// A name in the abstract socket namespace as a lock: gone with its process however that ends, and of the same reach
/// as the ports, namely one network namespace. Invalid where another process has it.
os::FileDescriptor lock_block(int first) {
  os::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) throw Error(ErrorKind::io, "can't make a socket").with_errno(errno);
  const std::string name = "owl-test-ports-" + std::to_string(first);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // a leading zero byte makes it abstract
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return {};
  return fd;
}

bool port_is_free(int port) {
  const os::FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;  // as servers do: connections that linger after their end don't count
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool all_free(int first) {
  for (int port = first; port < first + PortBlock::size; ++port) {
    if (!port_is_free(port)) return false;
  }
  return true;
}

}  // namespace

PortBlock::PortBlock() {
  // Processes begin at different places, and go round, so that a port isn't taken again right after its server's end.
  static int next = ::getpid() % block_count;
  for (int tries = 0; tries < block_count; ++tries) {
    first_ = lowest_port + size * next;
    next = (next + 1) % block_count;
    lock_ = lock_block(first_);
    if (lock_.valid() && all_free(first_)) return;
  }
  throw Error(ErrorKind::unreachable, "no ten free ports of 127.0.0.1 from " + std::to_string(lowest_port) + " on");
}

}  // namespace owl::test
