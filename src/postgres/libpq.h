#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

struct pg_conn;
struct pg_result;

/// What every session over libpq shares. Of this module only: everybody else has Connection and ReplicationConnection.
namespace owl::postgres {

struct FreeResult {
  void operator()(pg_result* result) const;
};
using QueryResult = std::unique_ptr<pg_result, FreeResult>;

/// A keyword of libpq's that overrules what the connection string says.
using LibpqSetting = std::pair<const char*, std::string>;

/// Connects, and refuses a server that is not 13 to 18. The caller calls PQfinish. Errors: config (the string makes no
/// sense), unreachable, denied.
pg_conn* connect_libpq(const std::string& conninfo, const std::vector<LibpqSetting>& settings = {});

/// What a query's result (nullptr: none came) says, with its SQLSTATE and the GRANT that is missing.
Error query_error(const pg_conn* connection, const pg_result* result, std::string_view sql);

}  // namespace owl::postgres
