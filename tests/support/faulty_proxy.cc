#include "support/faulty_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace owl::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::string_view end_of_head = "\r\n\r\n";

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

os::FileDescriptor new_socket() {
  os::FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) throw Error(ErrorKind::io, "can't make a socket").with_errno(errno);
  return fd;
}

bool readable(const os::FileDescriptor& fd, const std::stop_token& stop) {
  pollfd wait{fd.get(), POLLIN, 0};
  while (!stop.stop_requested()) {
    if (::poll(&wait, 1, 20) > 0) return true;
  }
  return false;
}

/// Reads what there is; false at the end of the stream.
bool read_more(const os::FileDescriptor& fd, std::string& data, const std::stop_token& stop) {
  if (!readable(fd, stop)) return false;
  char buffer[65536];
  const auto size = ::recv(fd.get(), buffer, sizeof buffer, 0);
  if (size <= 0) return false;
  data.append(buffer, static_cast<std::size_t>(size));
  return true;
}

bool read_until(const os::FileDescriptor& fd, std::string& data, std::size_t enough, const std::stop_token& stop) {
  while (data.size() < enough) {
    if (!read_more(fd, data, stop)) return false;
  }
  return true;
}

void write_all(const os::FileDescriptor& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return;  // the other side has gone, which is its right
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

/// So that the client meets a reset and not an orderly end.
void cut(const os::FileDescriptor& fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/// Where the line of a header field begins and ends, the newline included.
std::optional<std::pair<std::size_t, std::size_t>> find_field(std::string_view head, std::string_view name) {
  const auto lower = to_lower(head);
  const auto at = lower.find("\r\n" + std::string(name) + ":");
  if (at == std::string::npos) return std::nullopt;
  return std::pair(at + 2, head.find("\r\n", at + 2) + 2);
}

std::optional<std::size_t> content_length(std::string_view head) {
  const auto field = find_field(head, "content-length");
  if (!field) return std::nullopt;
  const auto text = trim(head.substr(field->first, field->second - field->first).substr(15));
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

void set_field(std::string& head, std::string_view name, const std::string& value) {
  if (const auto field = find_field(head, name)) head.erase(field->first, field->second - field->first);
  if (!value.empty()) head.insert(head.size() - 2, std::string(name) + ": " + value + "\r\n");
}

void pause(std::chrono::milliseconds delay, const std::stop_token& stop) {
  const auto end = steady_clock::now() + delay;
  while (!stop.stop_requested() && steady_clock::now() < end) std::this_thread::sleep_for(5ms);
}

std::uint16_t port_of(std::string_view url) {
  const auto text = url.substr(url.rfind(':') + 1);
  std::uint16_t port = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), port).ec != std::errc{}) {
    throw Error(ErrorKind::config, "no port in " + std::string(url));
  }
  return port;
}

}  // namespace

struct FaultyProxy::Request {
  std::string head, body;
  std::string method, target;
};

struct FaultyProxy::Answer {
  std::string head, body;
  bool is_success() const { return head.starts_with("HTTP/1.1 2"); }
};

FaultyProxy::FaultyProxy(std::string_view server_url) : server_port_(port_of(server_url)), listener_(new_socket()) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* where = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), where, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), where, &size) != 0) {
    throw Error(ErrorKind::io, "the proxy can't listen").with_errno(errno);
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

FaultyProxy::~FaultyProxy() = default;

std::string FaultyProxy::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

void FaultyProxy::set(std::vector<FaultRule> rules) {
  auto script = script_.lock();
  const auto count = rules.size();
  *script = {std::move(rules), std::vector<int>(count), std::vector<int>(count), {}};
}

int FaultyProxy::happened() {
  int sum = 0;
  for (const int made : script_.lock()->made) sum += made;
  return sum;
}

void FaultyProxy::accept_all(const std::stop_token& stop) {
  std::vector<std::jthread> threads;
  while (readable(listener_, stop)) {
    os::FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) continue;
    threads.emplace_back([this, stop, fd = std::make_shared<os::FileDescriptor>(std::move(client))]() mutable {
      serve(*fd, stop);
      fd.reset();  // closed now, and not when the thread is joined
    });
  }
}

void FaultyProxy::serve(const os::FileDescriptor& client, const std::stop_token& stop) {
  std::string data;
  while (exchange(client, data, stop)) continue;
}

/// One request and its answer; false: the connection ends.
bool FaultyProxy::exchange(const os::FileDescriptor& client, std::string& data, const std::stop_token& stop) {
  while (data.find(end_of_head) == std::string::npos) {
    if (!read_more(client, data, stop)) return false;
  }
  Request request;
  request.head = data.substr(0, data.find(end_of_head) + end_of_head.size());
  data.erase(0, request.head.size());
  const auto words = split(std::string_view(request.head).substr(0, request.head.find('\r')), ' ');
  if (words.size() != 3) return false;
  request.method = words[0];
  request.target = words[1];

  const auto rule = choose(request);
  const auto length = content_length(request.head).value_or(0);
  const bool half = rule.fault == Fault::cut_request;
  if (!read_until(client, data, half ? length / 2 : length, stop)) return false;
  if (half || rule.fault == Fault::cut_before) return cut(client), false;
  request.body = data.substr(0, length);
  data.erase(0, length);

  auto answer = rule.fault == Fault::answer
                    ? Answer{"HTTP/1.1 " + std::to_string(rule.status) + " Fault\r\n" + rule.headers +
                                 "Content-Length: " + std::to_string(rule.body.size()) + "\r\n\r\n",
                             request.method == "HEAD" ? "" : rule.body}
                    : ask_server(request, stop);
  if (answer.head.empty() || rule.fault == Fault::cut_after) return cut(client), false;
  harm(rule, request, answer);
  if (rule.fault == Fault::late) pause(rule.delay, stop);
  set_field(answer.head, "connection", "");
  if (rule.fault == Fault::cut_answer) answer.body.resize(answer.body.size() / 2);
  write_all(client, answer.head + answer.body);  // in one, or the second waits for the first one's acknowledgement
  return rule.fault != Fault::cut_answer && content_length(answer.head).has_value();
}

FaultRule FaultyProxy::choose(const Request& request) {
  auto script = script_.lock();
  for (std::size_t i = 0; i < script->rules.size(); ++i) {
    const auto& rule = script->rules[i];
    if (!rule.method.empty() && rule.method != request.method) continue;
    if (request.target.find(rule.part) == std::string::npos) continue;
    const int number = ++script->seen[i] - rule.skip;
    if (number <= 0 || number % rule.every != 0 || script->made[i] == rule.times) continue;
    // The first body has none before it that it could be taken for.
    if (rule.fault != Fault::another_body) ++script->made[i];
    return rule;
  }
  return {};
}

FaultyProxy::Answer FaultyProxy::ask_server(const Request& request, const std::stop_token& stop) {
  const auto server = new_socket();
  const auto address = loopback(server_port_);
  if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  auto head = request.head;
  set_field(head, "connection", "close");  // its end is the answer's end
  write_all(server, head + request.body);
  std::string data;
  while (read_more(server, data, stop)) continue;
  const auto at = data.find(end_of_head);
  if (at == std::string::npos) return {};
  return {data.substr(0, at + end_of_head.size()), data.substr(at + end_of_head.size())};
}

void FaultyProxy::harm(const FaultRule& rule, const Request& request, Answer& answer) {
  if (answer.body.empty() || !answer.is_success()) return;
  const bool has_length = content_length(answer.head).has_value();
  if (rule.fault == Fault::flip) answer.body[answer.body.size() / 2] ^= 0x10;
  if (rule.fault == Fault::shorten) answer.body.resize(answer.body.size() / 2);
  if (rule.fault == Fault::another_body) {
    auto script = script_.lock();
    const auto own = answer.body;
    for (const auto& [target, body] : script->bodies) {
      if (target == request.target) continue;
      answer.body = body;
      // A part has the length that was asked for, whatever is in it.
      if (find_field(answer.head, "content-range")) {
        while (answer.body.size() < own.size()) answer.body += body;
        answer.body.resize(own.size());
      }
    }
    script->bodies[request.target] = own;
    if (answer.body != own && !script->made.empty()) ++script->made[0];
  }
  if (has_length) set_field(answer.head, "content-length", std::to_string(answer.body.size()));
}

}  // namespace owl::test
