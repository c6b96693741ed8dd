#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "postgres/types.h"

namespace owl::postgres {

/// Rows of one query, as text; NULL is nullopt.
using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

/// One session over libpq. Session settings make it fit for long work (no statement, lock, idle or idle-in-transaction
/// timeout; TCP keepalives; application_name owlbackup). One thread at a time.
/// Errors: unreachable (no server; the message says where it was looked for), denied (password, pg_hba, rights: with
/// the GRANT that is missing in the hint), everything else with its SQLSTATE.
class Connection {
 public:
  /// `conninfo` is libpq's own syntax. Refuses a server that is not 13 to 18.
  explicit Connection(const std::string& conninfo);
  Connection(Connection&&) noexcept;
  ~Connection();

  Rows query(std::string_view sql, const std::vector<std::optional<std::string>>& parameters = {},
             std::stop_token stop = {});
  /// The first column of the first row; throws if there is none or it is NULL.
  std::string query_text(std::string_view sql, const std::vector<std::optional<std::string>>& parameters = {});

  int version() const;  ///< 150018
  int major() const { return major_version(version()); }
  int backend_pid() const;
  bool alive();  ///< a cheap look at the socket, without a query
  void close();  ///< ends the session; every query after it fails

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A connection string as the environment of a child that uses libpq (PGHOST, PGPASSWORD …): on its command line every
/// account of the host could read the password. Throws Error(config) on a string that makes no sense.
std::map<std::string, std::string> connection_environment(const std::string& conninfo);

}  // namespace owl::postgres
