#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "http/scripted_server.h"

namespace owl::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::Not;
using Reply = ScriptedServer::Reply;
using Seen = ScriptedServer::Request;

Error error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::internal, "nothing was thrown");
}

ScriptedServer always(std::string bytes, bool close = false) {
  return ScriptedServer([bytes, close](int, const Seen&) { return Reply{.bytes = bytes, .close = close}; });
}

TEST(HttpClient, ReturnsStatusHeadersAndBody) {
  auto server = always(ScriptedServer::answer(200, "hello", "X-Thing: 7\r\n"));
  Client client;
  const auto response = client.send({.url = server.url("/a")});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("x-thing"), "7");
  EXPECT_EQ(as_text(response.body), "hello");
}

TEST(HttpClient, AnErrorStatusIsAnAnswer) {
  auto server = always(ScriptedServer::answer(503, "busy"));
  Client client;
  const auto response = client.send({.url = server.url()});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(as_text(response.body), "busy");
}

TEST(HttpClient, SendsThePiecesAsOneBodyOfKnownLength) {
  auto server = always(ScriptedServer::answer(200));
  Client client;
  const ByteView pieces[] = {as_bytes("ab"), as_bytes(""), as_bytes("cde")};
  client.send({.method = "PUT", .url = server.url("/k"), .headers = {{"X-A", "1"}, {"X-Empty", ""}}, .body = pieces});
  const auto seen = server.requests().at(0);
  EXPECT_THAT(seen.head, HasSubstr("PUT /k HTTP/1.1\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("X-A: 1\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("X-Empty:\r\n"));
  EXPECT_THAT(seen.head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(seen.head, Not(HasSubstr("Expect")));
  EXPECT_THAT(seen.head, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_EQ(seen.body, "abcde");
}

TEST(HttpClient, AnEmptyPutSaysThatItIsEmpty) {
  auto server = always(ScriptedServer::answer(200));
  Client client;
  client.send({.method = "PUT", .url = server.url()});
  EXPECT_THAT(server.requests().at(0).head, HasSubstr("Content-Length: 0\r\n"));
}

TEST(HttpClient, KeepsItsConnectionWarm) {
  auto server = always(ScriptedServer::answer(200));
  Client client;
  for (int i = 0; i < 3; ++i) client.send({.url = server.url()});
  EXPECT_EQ(server.requests().at(2).connection, 1);
}

TEST(HttpClient, DropsTheConnectionOverWhichAPutWasRefused) {
  ScriptedServer server([](int n, const Seen&) {
    return n == 1 ? Reply{.bytes = ScriptedServer::answer(400)} : Reply{.bytes = ScriptedServer::answer(200)};
  });
  Client client;
  const ByteView pieces[] = {as_bytes("body")};
  EXPECT_EQ(client.send({.method = "PUT", .url = server.url(), .body = pieces}).status, 400);
  EXPECT_EQ(client.send({.url = server.url()}).status, 200);
  EXPECT_EQ(server.requests().at(1).connection, 2);
}

TEST(HttpClient, ARefusalBeforeTheBodyWasReadIsSeen) {
  ScriptedServer server([](int, const Seen&) {
    return Reply{
        .bytes = ScriptedServer::answer(403, "no", "Connection: close\r\n"), .close = true, .before_body = true};
  });
  Client client;
  const Bytes large(1 << 20, 7);
  const ByteView pieces[] = {large};
  EXPECT_EQ(client.send({.method = "PUT", .url = server.url(), .body = pieces}).status, 403);
}

TEST(HttpClient, DoesNotFollowRedirects) {
  auto server = always(ScriptedServer::answer(301, "", "Location: http://127.0.0.1:1/\r\n"));
  Client client;
  EXPECT_EQ(client.send({.url = server.url()}).status, 301);
}

TEST(HttpClient, TheSinkTakesTheBodyOfASuccessOnly) {
  ScriptedServer server(
      [](int n, const Seen&) { return Reply{.bytes = ScriptedServer::answer(n == 1 ? 200 : 404, "bytes")}; });
  Client client;
  std::string got;
  const auto sink = [&](ByteView bytes) { got += as_text(bytes); };
  EXPECT_TRUE(client.send({.url = server.url(), .sink = sink}).body.empty());
  EXPECT_EQ(got, "bytes");
  EXPECT_EQ(as_text(client.send({.url = server.url(), .sink = sink}).body), "bytes");
  EXPECT_EQ(got, "bytes");
}

TEST(HttpClient, WhatTheSinkThrowsComesOut) {
  auto server = always(ScriptedServer::answer(200, "bytes"));
  Client client;
  const auto error = error_of(
      [&] { client.send({.url = server.url(), .sink = [](ByteView) { throw Error(ErrorKind::disk_full, "full"); }}); });
  EXPECT_EQ(error.kind(), ErrorKind::disk_full);
}

TEST(HttpClient, ALongerAnswerThanAllowedIsRefused) {
  auto server = always(ScriptedServer::answer(200, std::string(5000, 'x')));
  Client client;
  const auto error = error_of([&] { client.send({.url = server.url(), .body_limit = 4096}); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_EQ(std::string(error.what()), server.url("") + " answers with more than 4.0 KiB, which was the limit");
}

TEST(HttpClient, NobodyListeningIsUnreachable) {
  std::string url;
  {
    auto server = always("");
    url = server.url("");
  }
  Client client;
  const auto error = error_of([&] { client.send({.url = url + "/secret-path?token=1"}); });
  EXPECT_EQ(error.kind(), ErrorKind::unreachable);
  EXPECT_EQ(std::string(error.what()), "no connection to " + url + ": Connection refused");
}

TEST(HttpClient, AConnectionCutWithoutAnAnswerIsTransient) {
  auto server = always("", true);
  Client client;
  const ByteView pieces[] = {as_bytes("body")};
  const auto error = error_of([&] { client.send({.method = "PUT", .url = server.url(), .body = pieces}); });
  EXPECT_EQ(error.kind(), ErrorKind::transient);
}

TEST(HttpClient, AnAnswerCutShortIsTransient) {
  auto server = always("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", true);
  Client client;
  EXPECT_EQ(error_of([&] { client.send({.url = server.url()}); }).kind(), ErrorKind::transient);
}

TEST(HttpClient, APutIsNeverSentTwice) {
  // The second request meets a connection that the server closes instead of answering: exactly what tempts libcurl.
  ScriptedServer server(
      [](int n, const Seen&) { return n == 2 ? Reply{.close = true} : Reply{.bytes = ScriptedServer::answer(200)}; });
  Client client;
  const ByteView pieces[] = {as_bytes("body")};
  const Request put{.method = "PUT", .url = server.url(), .body = pieces};
  client.send(put);
  const auto error = error_of([&] { client.send(put); });
  EXPECT_EQ(error.kind(), ErrorKind::transient);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(HttpClient, AnEmptyPutIsNeverSentTwice) {
  ScriptedServer server(
      [](int n, const Seen&) { return n == 2 ? Reply{.close = true} : Reply{.bytes = ScriptedServer::answer(200)}; });
  Client client;
  const Request put{.method = "PUT", .url = server.url()};
  client.send(put);
  const auto error = error_of([&] { client.send(put); });
  EXPECT_EQ(error.kind(), ErrorKind::transient);
  EXPECT_EQ(std::string(error.what()),
            "the connection to " + server.url("") + " was cut off: Server returned nothing (no headers, no data)");
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(HttpClient, WhatIsNoHttpMayBeTriedAgain) {
  auto server = always("SSH-2.0-OpenSSH_9.2\r\n");
  Client client;
  const auto error = error_of([&] { client.send({.url = server.url()}); });
  EXPECT_EQ(error.kind(), ErrorKind::transient);
  EXPECT_EQ(std::string(error.what()),
            "what " + server.url("") + " answers is no HTTP: Received HTTP/0.9 when not allowed");
}

TEST(HttpClient, SilenceEndsInATimeout) {
  ScriptedServer server(
      [](int, const Seen&) { return Reply{.bytes = ScriptedServer::answer(200), .delay = milliseconds(1500)}; });
  Client client;
  const auto start = steady_clock::now();
  const auto error = error_of([&] { client.send({.url = server.url(), .deadlines = {.silence = milliseconds(300)}}); });
  EXPECT_EQ(error.kind(), ErrorKind::timeout);
  EXPECT_EQ(std::string(error.what()), server.url("") + " took too long to answer");
  EXPECT_LT(steady_clock::now() - start, milliseconds(1300));
}

TEST(HttpClient, AStopEndsAWaitAtOnce) {
  ScriptedServer server(
      [](int, const Seen&) { return Reply{.bytes = ScriptedServer::answer(200), .delay = milliseconds(2000)}; });
  Client client;
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(200));
    source.request_stop();
  });
  const auto start = steady_clock::now();
  const auto error = error_of([&] { client.send({.url = server.url()}, source.get_token()); });
  EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  EXPECT_LT(steady_clock::now() - start, milliseconds(1000));
}

TEST(HttpClient, AStopBeforehandSendsNothing) {
  auto server = always(ScriptedServer::answer(200));
  Client client;
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(error_of([&] { client.send({.url = server.url()}, source.get_token()); }).kind(), ErrorKind::cancelled);
  EXPECT_TRUE(server.requests().empty());
}

TEST(OriginOf, LeavesOutWhateverMayBeSecret) {
  EXPECT_EQ(origin_of("https://hooks.example.com/services/T0/secret"), "https://hooks.example.com");
  EXPECT_EQ(origin_of("https://user:pw@host:8443/x?y=1"), "https://host:8443");
  EXPECT_EQ(origin_of("http://[::1]:80"), "http://[::1]:80");
  EXPECT_EQ(origin_of("host/path"), "host");
  EXPECT_EQ(origin_of("odd@scheme://host/path"), "odd@scheme://host");
}

}  // namespace
}  // namespace owl::http
