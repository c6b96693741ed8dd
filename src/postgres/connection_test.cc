#include "postgres/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace owl::postgres {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Key;
using testing::Not;
using testing::Pair;

TEST(ConnectionEnvironment, SaysAllThatTheStringSays) {
  const auto environment =
      connection_environment("host=db port=5433 user=u password='p w' dbname=shop sslmode=require");
  EXPECT_THAT(environment,
              IsSupersetOf({Pair("PGHOST", "db"), Pair("PGPORT", "5433"), Pair("PGUSER", "u"),
                            Pair("PGPASSWORD", "p w"), Pair("PGDATABASE", "shop"), Pair("PGSSLMODE", "require")}));
  EXPECT_THAT(connection_environment("postgresql://u:secret@db/shop"),
              IsSupersetOf({Pair("PGHOST", "db"), Pair("PGPASSWORD", "secret"), Pair("PGDATABASE", "shop")}));
  EXPECT_THAT(connection_environment("host=db"), Not(Contains(Key("PGPASSWORD"))));
}

TEST(ConnectionEnvironment, RefusesWhatMakesNoSense) {
  try {
    connection_environment("host=db nonsense");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
  }
}

}  // namespace
}  // namespace owl::postgres
