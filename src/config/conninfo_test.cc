#include "config/conninfo.h"

#include <gmock/gmock.h>

namespace owl::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConninfoTerm, QuotesOnlyWhereItMust) {
  EXPECT_EQ(conninfo_term("host", "/var/run/postgresql"), "host=/var/run/postgresql");
  EXPECT_EQ(conninfo_term("password", ""), "password=''");
  EXPECT_EQ(conninfo_term("password", "with blank"), "password='with blank'");
  EXPECT_EQ(conninfo_term("password", R"(it's \ here)"), R"(password='it\'s \\ here')");
  EXPECT_EQ(conninfo_term("password", "a=b#c"), "password=a=b#c");
}

TEST(ConninfoSecrets, FindsPasswordsAmongKeywords) {
  EXPECT_THAT(conninfo_secrets("host=db user=owl password=s3cret dbname=x"), ElementsAre("s3cret"));
  EXPECT_THAT(conninfo_secrets(R"(password = 'it\'s \\ here' sslpassword=k)"), ElementsAre(R"(it's \ here)", "k"));
  EXPECT_THAT(conninfo_secrets(R"(user='x password=no' host=db)"), IsEmpty());
  EXPECT_THAT(conninfo_secrets(""), IsEmpty());
  EXPECT_THAT(conninfo_secrets("password='never ends"), ElementsAre("never ends"));
}

TEST(ConninfoSecrets, ReadsBackWhatATermHolds) {
  for (const std::string password : {"plain", "it's", R"(back\slash)", " lead", "tab\there", "'", "\\"}) {
    EXPECT_THAT(conninfo_secrets("host=a " + conninfo_term("password", password) + " user=b"), ElementsAre(password));
  }
}

TEST(ConninfoSecrets, FindsPasswordsInUrls) {
  EXPECT_THAT(conninfo_secrets("postgresql://owl:p%40ss@db:5432/x"), ElementsAre("p%40ss", "p@ss"));
  EXPECT_THAT(conninfo_secrets("postgres://db/x?sslmode=require&password=q"), ElementsAre("q", "q"));
  EXPECT_THAT(conninfo_secrets("postgres://owl@db/x"), IsEmpty());
  EXPECT_THAT(conninfo_secrets("postgres://db:5432/x"), IsEmpty());
  EXPECT_THAT(conninfo_secrets("postgres://u:a%4@db"), ElementsAre("a%4", "a%4"));
}

}  // namespace
}  // namespace owl::config
