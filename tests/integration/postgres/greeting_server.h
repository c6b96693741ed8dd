#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/temp_dir.h"

namespace owl::postgres {

/// Greets one client as a PostgreSQL of any version does (protocol 3: AuthenticationOk, ParameterStatus,
/// ReadyForQuery): versions that nobody can install any more, or yet.
class GreetingServer {
 public:
  explicit GreetingServer(std::string version) : folder_("/tmp"), version_(std::move(version)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = (folder_.path() / ".s.PGSQL.5432").string();
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1) != 0) {
      throw std::runtime_error("can't listen on " + path);
    }
    thread_ = std::jthread([this] { greet(); });
  }
  ~GreetingServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string connection() const {
    return "host=" + folder_.path().string() + " port=5432 user=owl dbname=postgres gssencmode=disable";
  }

 private:
  static std::string message(char type, const std::string& body) {
    const auto size = static_cast<std::uint32_t>(body.size() + 4);
    std::string out(1, type);
    for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(size >> shift & 0xff);
    return out + body;
  }

  void greet() {
    using namespace std::string_literals;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    char startup[1024];
    if (::read(client, startup, sizeof startup) > 0) {
      const auto answer = message('R', "\0\0\0\0"s) + message('S', "server_version\0"s + version_ + '\0') +
                          message('K', "\0\0\0\1\0\0\0\2"s) + message('Z', "I");
      if (::send(client, answer.data(), answer.size(), MSG_NOSIGNAL) > 0) {
        while (::read(client, startup, sizeof startup) > 0) {
        }
      }
    }
    ::close(client);
  }

  test::TempDir folder_;
  std::string version_;
  int listener_ = -1;
  std::jthread thread_;
};

}  // namespace owl::postgres
