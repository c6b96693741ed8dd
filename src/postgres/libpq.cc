#include "postgres/libpq.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "postgres/missing_right.h"
#include "postgres/types.h"

namespace owl::postgres {
namespace {

constexpr int oldest_major = 13, newest_major = 18;

/// What we want of every connection, unless `conninfo` says otherwise. A dead peer is noticed within about a minute.
constexpr std::array<std::pair<const char*, const char*>, 7> defaults{{{"fallback_application_name", "owlbackup"},
                                                                       {"connect_timeout", "30"},
                                                                       {"keepalives", "1"},
                                                                       {"keepalives_idle", "30"},
                                                                       {"keepalives_interval", "10"},
                                                                       {"keepalives_count", "3"},
                                                                       {"client_encoding", "UTF8"}}};

/// libpq's own words, but for the complaint that quotes what it could not read: that may be half a password.
std::string reason_without_secrets(std::string_view said) {
  if (said.find("missing \"=\"") == said.npos) return std::string(trim(said));
  return "a word without \"=\" (a value with blanks stands in single quotes)";
}

/// A single word is the name of a database, as psql has it; libpq takes the rest apart.
void check_conninfo(const std::string& conninfo) {
  if (conninfo.find('=') == conninfo.npos && conninfo.find("://") == conninfo.npos) return;
  char* said = nullptr;
  PQconninfoOption* const parsed = PQconninfoParse(conninfo.c_str(), &said);
  const std::string reason = said == nullptr ? "" : reason_without_secrets(said);
  PQfreemem(said);
  if (parsed != nullptr) return PQconninfoFree(parsed);
  throw Error(ErrorKind::config, fmt::format("the connection string is not valid: {}", reason))
      .with_hint("It stands in [postgres] connection: host=/var/run/postgresql user=owlbackup dbname=postgres.");
}

PGconn* connect(const std::string& conninfo, const std::vector<LibpqSetting>& settings) {
  check_conninfo(conninfo);
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : defaults) {
    keywords.push_back(keyword);
    values.push_back(value);
  }
  // A conninfo string in "dbname" is expanded there, and what it sets wins over what came before.
  keywords.push_back("dbname");
  values.push_back(conninfo.c_str());
  for (const auto& [keyword, value] : settings) {
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* const connection = PQconnectdbParams(keywords.data(), values.data(), 1);
  OWL_CHECK(connection != nullptr, "out of memory for a connection");
  return connection;
}

/// "database postgres as owl at /var/run/postgresql, port 5432"
std::string whereabouts(const PGconn* connection) {
  const auto known = [](const char* text) { return std::string(text == nullptr || *text == '\0' ? "?" : text); };
  return fmt::format("database {} as {} at {}, port {}", known(PQdb(connection)), known(PQuser(connection)),
                     known(PQhost(connection)), known(PQport(connection)));
}

/// WAL, pg_control and the functions for a backup are those of the versions that we know, and of no other.
void require_known_version(const PGconn* connection) {
  const int version = PQserverVersion(connection), major = major_version(version);
  if (major >= oldest_major && major <= newest_major) return;
  // Up to 9.6 the major version had two numbers; a version still in development tells "19devel", which libpq reads
  // as 19.0.
  const auto name = major >= 10 ? std::to_string(major) : fmt::format("{}.{}", major, version / 100 % 100);
  throw Error(ErrorKind::unsupported,
              fmt::format("the server at {}, port {} is PostgreSQL {}; this owlbackup knows {} to {}",
                          PQhost(connection), PQport(connection), name, oldest_major, newest_major))
      .with_hint(major < oldest_major ? "Upgrade the server: its version is out of its maintainers' support, too."
                                      : "Install a newer owlbackup, one that names this version as known.");
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const auto line : split(trim(text), '\n')) {
    if (!out.empty()) out += ' ';
    out += trim(line);
  }
  return out;
}

/// libpq tells why a connection failed in words only, in the server's language: what is sure are the libpq calls.
Error connect_error(const PGconn* connection) {
  const bool asked_for_password = PQconnectionNeedsPassword(connection) != 0;
  const bool refused_password = PQconnectionUsedPassword(connection) != 0;
  const std::string said = one_line(PQerrorMessage(connection));
  // Once the server has begun to answer, it was the server that said no.
  const bool reached = PQserverVersion(connection) != 0 || PQbackendPID(connection) != 0;
  const bool denied = asked_for_password || refused_password || reached || said.find("FATAL:") != std::string::npos;
  Error error(denied ? ErrorKind::denied : ErrorKind::unreachable,
              fmt::format("cannot connect to {}: {}", whereabouts(connection), said));
  if (asked_for_password) {
    return std::move(error).with_hint(
        "Put the password into ~/.pgpass of this account, or set passfile= in the "
        "connection string.");
  }
  if (denied) {
    return std::move(error).with_hint(
        "Check the role, its password, the database's name and the line in pg_hba.conf that applies.");
  }
  return std::move(error).with_hint(
      "Check that the server runs and that host and port (or the socket's folder) are "
      "right.");
}

ErrorKind kind_of_sqlstate(std::string_view state) {
  if (state == "42501" || state.starts_with("28")) return ErrorKind::denied;
  if (state == "57014") return ErrorKind::cancelled;
  // 08 connection, 57P server going down or not yet up, 53 out of connections or memory.
  if (state.empty() || state.starts_with("08") || state.starts_with("57P")) return ErrorKind::unreachable;
  if (state.starts_with("53") || state.starts_with("40")) return ErrorKind::transient;
  return ErrorKind::refused;
}

}  // namespace

void FreeResult::operator()(PGresult* result) const {
  PQclear(result);
}

PGconn* connect_libpq(const std::string& conninfo, const std::vector<LibpqSetting>& settings) {
  PGconn* const connection = connect(conninfo, settings);
  try {
    if (PQstatus(connection) != CONNECTION_OK) throw connect_error(connection);
    PQsetNoticeProcessor(
        connection, [](void*, const char*) {}, nullptr);
    require_known_version(connection);
  } catch (...) {
    PQfinish(connection);
    throw;
  }
  return connection;
}

Error query_error(const PGconn* connection, const PGresult* result, std::string_view sql) {
  const char* const state_text = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string state = state_text == nullptr ? "" : state_text;
  const char* const primary = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string said = primary == nullptr ? one_line(PQerrorMessage(connection)) : primary;
  Error error(kind_of_sqlstate(state), fmt::format("PostgreSQL: {}", said));
  if (!state.empty()) std::move(error).with_sqlstate(state);
  if (state == "42501") std::move(error).with_hint(hint_for_missing_right(sql, PQuser(connection)));
  return std::move(error).with_context(fmt::format("query \"{}\"", one_line(sql).substr(0, 120)));
}

}  // namespace owl::postgres
