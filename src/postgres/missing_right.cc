#include "postgres/missing_right.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"

namespace owl::postgres {
namespace {

/// A word that a refused statement contains, and the right it needs (system_functions.sql; predefined roles).
struct Right {
  std::string_view word, grant;
};
constexpr std::array rights{
    Right{"pg_backup_start", "EXECUTE ON FUNCTION pg_catalog.pg_backup_start(text, boolean)"},
    Right{"pg_backup_stop", "EXECUTE ON FUNCTION pg_catalog.pg_backup_stop(boolean)"},
    Right{"pg_start_backup", "EXECUTE ON FUNCTION pg_catalog.pg_start_backup(text, boolean, boolean)"},
    Right{"pg_stop_backup", "EXECUTE ON FUNCTION pg_catalog.pg_stop_backup(boolean, boolean)"},
    Right{"pg_switch_wal", "EXECUTE ON FUNCTION pg_catalog.pg_switch_wal()"},
    Right{"pg_create_restore_point", "EXECUTE ON FUNCTION pg_catalog.pg_create_restore_point(text)"},
    Right{"checkpoint", "pg_checkpoint"},
    Right{"pg_ls_waldir", "pg_monitor"},
    Right{"pg_ls_archive_statusdir", "pg_monitor"},
    Right{"current_setting", "pg_read_all_settings"},
    Right{"pg_settings", "pg_read_all_settings"},
    Right{"show ", "pg_read_all_settings"},
};

std::string quoted(std::string_view identifier) {
  std::string out = "\"";
  for (const char c : identifier) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string grant(std::string_view right, std::string_view role) {
  return fmt::format("GRANT {} TO {};", right, quoted(role));
}

}  // namespace

std::string hint_for_missing_right(std::string_view sql, std::string_view role) {
  const std::string statement = to_lower(sql);
  // A view over a function that is not public needs both.
  if (statement.find("pg_file_settings") != std::string::npos) {
    return "As a superuser: " + grant("SELECT ON pg_catalog.pg_file_settings", role) + ' ' +
           grant("EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings()", role);
  }
  if (statement.find("pg_hba_file_rules") != std::string::npos) {
    return "As a superuser: " + grant("SELECT ON pg_catalog.pg_hba_file_rules", role) + ' ' +
           grant("EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules()", role);
  }
  for (const Right& right : rights) {
    if (statement.find(right.word) != std::string::npos) return "As a superuser: " + grant(right.grant, role);
  }
  return fmt::format("Grant the role {} what the message names.", quoted(role));
}

}  // namespace owl::postgres
