#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/text.h"
#include "concurrency/guarded.h"

namespace owl::http {

/// For tests: a server on 127.0.0.1 that answers each request with whatever bytes a function returns for it, so that
/// answers which no real server gives on demand can be seen. One connection at a time, kept alive until the script
/// closes it.
class ScriptedServer {
 public:
  struct Request {
    std::string head;  ///< request line and header fields, as they came
    std::string body;
    int connection;  ///< 1 for the first connection, …
  };
  struct Reply {
    std::string bytes = {};
    bool close = false;        ///< hang up afterwards
    bool before_body = false;  ///< answer without reading the body
    std::chrono::milliseconds delay{0};
  };
  /// Gets the number of the request, from 1, and the request (without its body where the reply comes before it).
  using Script = std::function<Reply(int, const Request&)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](std::stop_token stop) { serve(stop); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    thread_.request_stop();
    thread_.join();
    ::close(listener_);
  }

  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  std::vector<Request> requests() { return *requests_.lock(); }

  /// A whole answer with a Content-Length.
  static std::string answer(int status, std::string_view body = {}, std::string_view headers = {}) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(headers) + "\r\n" + std::string(body);
  }

 private:
  static bool readable(int fd, const std::stop_token& stop) {
    pollfd wait{fd, POLLIN, 0};
    while (!stop.stop_requested()) {
      if (::poll(&wait, 1, 20) > 0) return true;
    }
    return false;
  }
  /// Reads until `enough` bytes are in `data`; false: the client hung up.
  static bool read_until(int fd, std::string& data, const std::function<bool()>& enough, const std::stop_token& stop) {
    char buffer[65536];
    while (!enough()) {
      if (!readable(fd, stop)) return false;
      const auto size = ::read(fd, buffer, sizeof buffer);
      if (size <= 0) return false;
      data.append(buffer, static_cast<std::size_t>(size));
    }
    return true;
  }
  static std::size_t body_length(std::string_view head) {
    const auto lower = to_lower(head);
    const auto at = lower.find("content-length:");
    return at == std::string::npos ? 0 : std::stoul(lower.substr(at + 15));
  }
  static void write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const auto size = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }

  static void pause(std::chrono::milliseconds delay, const std::stop_token& stop) {
    const auto end = std::chrono::steady_clock::now() + delay;
    while (!stop.stop_requested() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  void serve(const std::stop_token& stop) {
    int connection = 0;
    while (readable(listener_, stop)) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connection;
      std::string data;
      while (answer_one(fd, connection, data, stop)) continue;
      ::close(fd);
    }
  }
  bool answer_one(int fd, int connection, std::string& data, const std::stop_token& stop) {
    if (!read_until(
            fd, data, [&] { return data.find("\r\n\r\n") != std::string::npos; }, stop))
      return false;
    const auto end = data.find("\r\n\r\n") + 4;
    Request request{data.substr(0, end), {}, connection};
    data.erase(0, end);
    auto reply = script_(++count_, request);
    if (!reply.before_body) {
      const auto length = body_length(request.head);
      if (!read_until(
              fd, data, [&] { return data.size() >= length; }, stop))
        return false;
      request.body = data.substr(0, length);
      data.erase(0, length);
    }
    requests_.lock()->push_back(request);
    pause(reply.delay, stop);
    write_all(fd, reply.bytes);
    return !reply.close;
  }

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  int count_ = 0;
  Guarded<std::vector<Request>> requests_;
  std::jthread thread_;
};

}  // namespace owl::http
