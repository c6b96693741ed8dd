#include "postgres/standby_names.h"

#include <gtest/gtest.h>

namespace owl::postgres {
namespace {

TEST(SynchronousStandbyNames, NameUsOrNot) {
  for (const char* setting :
       {"*", "owlbackup_1", "a, OwlBackup_1", "FIRST 2 (a, owlbackup_1, b)", "ANY 1 (*)", "2 (\"owlbackup_1\",a)",
        "a,\"*\"", "  owlbackup_1  ", "\"OWLBACKUP_1\"", "1(owlbackup_1)"}) {
    EXPECT_TRUE(names_synchronous_standby(setting, "owlbackup_1")) << setting;
  }
  for (const char* setting :
       {"", "a", "owlbackup", "owlbackup_12", "FIRST 1 (s1, s2)", "ANY 2 (\"a\"\"b\", c)", "\"a,owlbackup_1\""}) {
    EXPECT_FALSE(names_synchronous_standby(setting, "owlbackup_1")) << setting;
  }
}

TEST(SynchronousStandbyNames, ThatCantBeReadMayBeUs) {
  EXPECT_TRUE(names_synchronous_standby("\"open", "owlbackup_1"));
}

}  // namespace
}  // namespace owl::postgres
