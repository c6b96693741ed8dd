#include "app/database_names.h"

#include "config/conninfo.h"

namespace owl::app {

cluster::TableName parse_table_name(const std::string& text) {
  const auto dot = text.find('.');
  if (dot == std::string::npos) return {"public", text};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

std::string connection_to(Invocation& in, const std::string& database) {
  const auto& configured = in.settings().postgres.connection;
  if (database.empty()) return configured;
  if (configured.starts_with("postgresql://") || configured.starts_with("postgres://")) {
    throw Error(ErrorKind::usage,
                "another database goes with a [postgres] connection of keywords and values, and this one is a URL")
        .with_hint("Write it as keywords and values: host=… user=… dbname=….");
  }
  return configured + " " + config::conninfo_term("dbname", database);
}

}  // namespace owl::app
