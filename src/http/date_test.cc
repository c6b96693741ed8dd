#include "http/date.h"

#include <gtest/gtest.h>

namespace owl::http {
namespace {

TEST(HttpDate, ReadsTheFormThatServersSend) {
  const auto date = parse_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(date);
  EXPECT_EQ(to_iso(*date), "1994-11-06T08:49:37Z");
}

TEST(HttpDate, RefusesEverythingElse) {
  for (const auto* text :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Xxx 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:4x:37 GMT"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

}  // namespace
}  // namespace owl::http
