#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "concurrency/guarded.h"
#include "os/file_descriptor.h"

namespace owl::test {

/// What happens to one exchange between a client and the server.
enum class Fault {
  none,          ///< nothing; it is counted
  answer,        ///< the server is not asked: the rule's own answer
  cut_request,   ///< the connection is cut when half of the request's body has come; the server sees nothing of it
  cut_before,    ///< the connection is cut when the whole request has come; the server sees nothing of it
  cut_after,     ///< the server does what it was asked for, and the connection is cut before a byte of its answer
  cut_answer,    ///< … and is cut in the middle of its answer's body
  late,          ///< … and its answer comes `delay` later
  flip,          ///< one bit in the middle of the answer's body is another
  shorten,       ///< half of the answer's body is missing, and its Content-Length says so
  another_body,  ///< the body is that of the last answer to a request for another path of this rule
};

/// Which requests a fault happens to: those of `method` (empty: any) whose target has `part` in it. Of these, the first
/// `skip` are spared, and then each `every`-th, at most `times` of them, is met.
struct FaultRule {
  std::string_view method = {}, part = {};
  Fault fault = Fault::none;
  int skip = 0, every = 1, times = 1'000'000;
  std::chrono::milliseconds delay{0};   ///< late
  int status = 503;                     ///< answer
  std::string headers = {}, body = {};  ///< answer; each header with its \r\n
};

/// Stands between a client and a real HTTP server on 127.0.0.1, passes everything on, and lets faults happen that no
/// real server shows on demand. What is passed on stays as it is, the Host header with it, so signatures hold. HTTP/1.1
/// with Content-Length only; connections to the client are kept alive. Thread-safe.
class FaultyProxy {
 public:
  explicit FaultyProxy(std::string_view server_url);  ///< http://127.0.0.1:20000
  ~FaultyProxy();
  FaultyProxy(const FaultyProxy&) = delete;
  FaultyProxy& operator=(const FaultyProxy&) = delete;

  std::string url() const;  ///< http://127.0.0.1:PORT
  /// In place of those before. The first rule that meets a request counts. What is under way ends as it began.
  void set(std::vector<FaultRule> rules);
  void clear() { set({}); }
  /// How many faults the present rules have made.
  int happened();

 private:
  struct Request;
  struct Answer;
  struct Script {
    std::vector<FaultRule> rules;
    std::vector<int> seen, made;
    std::map<std::string, std::string> bodies;  ///< of answers, by target, for another_body
  };

  void accept_all(const std::stop_token& stop);
  void serve(const os::FileDescriptor& client, const std::stop_token& stop);
  bool exchange(const os::FileDescriptor& client, std::string& data, const std::stop_token& stop);
  FaultRule choose(const Request& request);
  Answer ask_server(const Request& request, const std::stop_token& stop);
  void harm(const FaultRule& rule, const Request& request, Answer& answer);

  std::uint16_t server_port_;
  os::FileDescriptor listener_;
  std::uint16_t port_ = 0;
  Guarded<Script> script_;
  std::jthread acceptor_;
};

}  // namespace owl::test
