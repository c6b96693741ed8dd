#include "postgres/missing_right.h"

#include <gtest/gtest.h>

namespace owl::postgres {
namespace {

TEST(MissingRight, NamesTheGrant) {
  EXPECT_EQ(hint_for_missing_right("SELECT pg_catalog.pg_backup_start($1, $2), pg_catalog.pg_backend_pid()", "owl"),
            "As a superuser: GRANT EXECUTE ON FUNCTION pg_catalog.pg_backup_start(text, boolean) TO \"owl\";");
  EXPECT_EQ(hint_for_missing_right("SELECT pg_catalog.pg_stop_backup(exclusive => false)", "owl"),
            "As a superuser: GRANT EXECUTE ON FUNCTION pg_catalog.pg_stop_backup(boolean, boolean) TO \"owl\";");
  EXPECT_EQ(hint_for_missing_right("SHOW data_directory", "owl"),
            "As a superuser: GRANT pg_read_all_settings TO \"owl\";");
  EXPECT_EQ(hint_for_missing_right("SELECT sourcefile FROM pg_catalog.pg_file_settings", "owl"),
            "As a superuser: GRANT SELECT ON pg_catalog.pg_file_settings TO \"owl\"; GRANT EXECUTE ON FUNCTION "
            "pg_catalog.pg_show_all_file_settings() TO \"owl\";");
}

TEST(MissingRight, QuotesTheRole) {
  EXPECT_EQ(hint_for_missing_right("SELECT pg_switch_wal()", "o\"wl"),
            "As a superuser: GRANT EXECUTE ON FUNCTION pg_catalog.pg_switch_wal() TO \"o\"\"wl\";");
}

TEST(MissingRight, UnknownStatement) {
  EXPECT_EQ(hint_for_missing_right("SELECT * FROM secrets", "owl"), "Grant the role \"owl\" what the message names.");
}

}  // namespace
}  // namespace owl::postgres
