#include "postgres/connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/text.h"
#include "postgres/libpq.h"

namespace owl::postgres {
namespace {

constexpr int poll_ms = 100;  // how soon a stop is noticed

struct FreeCancel {
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};

}  // namespace

struct Connection::State {
  explicit State(const std::string& conninfo) : connection(connect_libpq(conninfo)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { PQfinish(connection); }

  void send(std::string_view sql, const std::vector<std::optional<std::string>>& parameters);
  void wait_for_result(std::stop_token stop);
  void cancel();
  QueryResult take_result();

  PGconn* connection;
};

void Connection::State::send(std::string_view sql, const std::vector<std::optional<std::string>>& parameters) {
  std::vector<const char*> values;
  for (const auto& parameter : parameters) values.push_back(parameter ? parameter->c_str() : nullptr);
  const int sent = PQsendQueryParams(connection, std::string(sql).c_str(), static_cast<int>(values.size()), nullptr,
                                     values.data(), nullptr, nullptr, 0);
  if (sent == 0) throw query_error(connection, nullptr, sql);
}

void Connection::State::cancel() {
  std::array<char, 256> problem;
  const std::unique_ptr<PGcancel, FreeCancel> request(PQgetCancel(connection));
  if (request) PQcancel(request.get(), problem.data(), static_cast<int>(problem.size()));
}

/// Until the whole answer is there, or the connection broke (the result then says so). A stop cancels the query.
void Connection::State::wait_for_result(std::stop_token stop) {
  bool cancelled = false;
  while (PQisBusy(connection) != 0) {
    if (stop.stop_requested() && !std::exchange(cancelled, true)) cancel();
    pollfd socket{.fd = PQsocket(connection), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&socket, 1, poll_ms);
    if (ready < 0 && errno != EINTR) return;
    if (ready > 0 && PQconsumeInput(connection) == 0) return;
  }
}

/// The last result of a query; libpq wants them all fetched before the next one.
QueryResult Connection::State::take_result() {
  QueryResult last;
  while (PGresult* const result = PQgetResult(connection)) last.reset(result);
  return last;
}

Connection::Connection(const std::string& conninfo) : state_(std::make_unique<State>(conninfo)) {
  // A backup's session is idle for hours while files are read.
  std::string settings = "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0";
  if (major() >= 14) settings += "; SET idle_session_timeout = 0";
  if (major() >= 17) settings += "; SET transaction_timeout = 0";
  for (const auto setting : split(settings, ';')) query(trim(setting));
}
Connection::Connection(Connection&&) noexcept = default;
Connection::~Connection() = default;

Rows Connection::query(std::string_view sql, const std::vector<std::optional<std::string>>& parameters,
                       std::stop_token stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::cancelled, "stopped before a query was sent");
  state_->send(sql, parameters);
  state_->wait_for_result(stop);
  const QueryResult result = state_->take_result();
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) throw query_error(state_->connection, result.get(), sql);
  Rows rows(static_cast<std::size_t>(PQntuples(result.get())));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      const int number = static_cast<int>(row);
      const bool is_null = PQgetisnull(result.get(), number, column) != 0;
      rows[row].push_back(is_null ? std::nullopt
                                  : std::optional<std::string>(PQgetvalue(result.get(), number, column)));
    }
  }
  return rows;
}

std::string Connection::query_text(std::string_view sql, const std::vector<std::optional<std::string>>& parameters) {
  auto rows = query(sql, parameters);
  if (rows.empty() || rows[0].empty() || !rows[0][0]) {
    throw Error(ErrorKind::not_found, "PostgreSQL answered with nothing")
        .with_context(fmt::format("query \"{}\"", sql));
  }
  return std::move(*rows[0][0]);
}

int Connection::version() const {
  return PQserverVersion(state_->connection);
}
int Connection::backend_pid() const {
  return PQbackendPID(state_->connection);
}

void Connection::close() {
  PQfinish(std::exchange(state_->connection, nullptr));
}

bool Connection::alive() {
  // Nothing is due from the server: bytes that are there anyway are its farewell, and end of file shows as bytes.
  pollfd socket{.fd = PQsocket(state_->connection), .events = POLLIN, .revents = 0};
  if (socket.fd < 0) return false;
  if (::poll(&socket, 1, 0) > 0) PQconsumeInput(state_->connection);
  return PQstatus(state_->connection) == CONNECTION_OK;
}

std::map<std::string, std::string> connection_environment(const std::string& conninfo) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(conninfo.c_str(), &message), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(message, &PQfreemem);
  if (!options) {
    throw Error(ErrorKind::config, fmt::format("a connection string makes no sense: {}",
                                               trim(message == nullptr ? "out of memory" : message)));
  }
  std::map<std::string, std::string> environment;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && option->envvar != nullptr) environment[option->envvar] = option->val;
  }
  return environment;
}

}  // namespace owl::postgres
