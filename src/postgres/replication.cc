#include "postgres/replication.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "postgres/libpq.h"

namespace owl::postgres {
namespace {

constexpr std::size_t longest_slot_name = 63;  // NAMEDATALEN - 1

std::string column(const PGresult* result, int number) {
  if (PQntuples(result) < 1 || PQnfields(result) <= number || PQgetisnull(result, 0, number) != 0) {
    throw Error(ErrorKind::unsupported, "the server's answer over the replication protocol makes no sense");
  }
  return {PQgetvalue(result, 0, number), static_cast<std::size_t>(PQgetlength(result, 0, number))};
}

template <typename T>
T number_in(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw Error(ErrorKind::unsupported, fmt::format("the server sent \"{}\" where a number belongs", text));
  }
  return value;
}

std::string quoted(const std::string& slot) {
  if (!is_slot_name(slot)) {
    throw Error(ErrorKind::config, fmt::format("\"{}\" can't be the name of a replication slot", slot))
        .with_hint("Lower-case letters, digits and underscores, 63 at most.");
  }
  return "\"" + slot + "\"";
}

struct FreeMemory {
  void operator()(char* memory) const { PQfreemem(memory); }
};

}  // namespace

bool is_slot_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_slot_name &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

struct ReplicationConnection::State {
  explicit State(PGconn* opened) : connection(opened) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { PQfinish(connection); }

  QueryResult run(const std::string& command) const {
    QueryResult result(PQexec(connection, command.c_str()));
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_COPY_BOTH) {
      throw query_error(connection, result.get(), command);
    }
    return result;
  }
  Error broken() const { return query_error(connection, nullptr, "START_REPLICATION"); }
  void wait(std::chrono::milliseconds patience) const {
    pollfd socket{.fd = PQsocket(connection), .events = POLLIN, .revents = 0};
    if (::poll(&socket, 1, static_cast<int>(patience.count())) > 0 && PQconsumeInput(connection) == 0) throw broken();
  }
  /// One message that has arrived already. Its size; 0: none; -1: the copying ended.
  int take() {
    char* bytes = nullptr;
    const int size = PQgetCopyData(connection, &bytes, 1);
    message.reset(bytes);
    if (size < -1) throw broken();
    return size;
  }

  PGconn* connection;
  std::unique_ptr<char, FreeMemory> message;
};

ReplicationConnection::ReplicationConnection(const std::string& conninfo, const std::string& application_name)
    : state_(std::make_unique<State>(
          connect_libpq(conninfo, {{"replication", "true"}, {"application_name", application_name}}))) {}
ReplicationConnection::~ReplicationConnection() = default;

ServerIdentity ReplicationConnection::identify_system() {
  const auto answer = state_->run("IDENTIFY_SYSTEM");
  ServerIdentity identity;
  identity.system_id = number_in<SystemId>(column(answer.get(), 0));
  identity.timeline = number_in<TimelineId>(column(answer.get(), 1));
  identity.flushed = value_or_throw(parse_lsn(column(answer.get(), 2)));
  return identity;
}

TimelineHistoryFile ReplicationConnection::timeline_history(TimelineId timeline) {
  const auto answer = state_->run(fmt::format("TIMELINE_HISTORY {}", timeline));
  // The content comes as it is, whatever type the column claims to have.
  return {column(answer.get(), 0), to_bytes(as_bytes(column(answer.get(), 1)))};
}

void ReplicationConnection::create_slot(const std::string& name) {
  state_->run(fmt::format("CREATE_REPLICATION_SLOT {} PHYSICAL RESERVE_WAL", quoted(name)));
}

void ReplicationConnection::drop_slot(const std::string& name) {
  state_->run(fmt::format("DROP_REPLICATION_SLOT {}", quoted(name)));
}

void ReplicationConnection::start(const std::string& slot, Lsn from, TimelineId timeline) {
  state_->run(fmt::format("START_REPLICATION SLOT {} PHYSICAL {} TIMELINE {}", quoted(slot), to_text(from), timeline));
}

ReplicationConnection::Received ReplicationConnection::receive(std::chrono::milliseconds patience) {
  int size = state_->take();
  if (size == 0) {
    state_->wait(patience);
    size = state_->take();
  }
  if (size == 0) return {};
  if (size < 0) return {Received::What::end, {}};
  const ByteView bytes(reinterpret_cast<const std::uint8_t*>(state_->message.get()), static_cast<std::size_t>(size));
  return {Received::What::message, value_or_throw(parse_replication_message(bytes))};
}

void ReplicationConnection::send(const StandbyStatus& status) {
  const auto message = to_message(status);
  const auto* const bytes = reinterpret_cast<const char*>(message.data());
  if (PQputCopyData(state_->connection, bytes, static_cast<int>(message.size())) <= 0 ||
      PQflush(state_->connection) < 0) {
    throw state_->broken();
  }
}

std::optional<ReplicationConnection::NextTimeline> ReplicationConnection::finish() {
  QueryResult result(PQgetResult(state_->connection));
  if (PQresultStatus(result.get()) == PGRES_COPY_IN) {  // the server ended its side; now we end ours
    if (PQputCopyEnd(state_->connection, nullptr) <= 0 || PQflush(state_->connection) < 0) throw state_->broken();
    result.reset(PQgetResult(state_->connection));
  }
  std::optional<NextTimeline> next;
  for (; result; result.reset(PQgetResult(state_->connection))) {
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK) {
      next = {number_in<TimelineId>(column(result.get(), 0)), value_or_throw(parse_lsn(column(result.get(), 1)))};
    } else if (status != PGRES_COMMAND_OK) {
      throw query_error(state_->connection, result.get(), "START_REPLICATION");
    }
  }
  return next;
}

}  // namespace owl::postgres
