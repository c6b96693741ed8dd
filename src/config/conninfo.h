#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace owl::config {

/// One `keyword=value` of libpq's connection string, the value quoted where it must be.
std::string conninfo_term(std::string_view keyword, std::string_view value);

/// The values of the secret keywords in a connection string or URL, so that the log can redact them. Never fails: what
/// libpq will refuse has none.
std::vector<std::string> conninfo_secrets(std::string_view connection);

}  // namespace owl::config
