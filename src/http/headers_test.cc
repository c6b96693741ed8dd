#include "http/headers.h"

#include <gtest/gtest.h>

namespace owl::http {
namespace {

TEST(Headers, NamesAreFoundWhateverTheirCase) {
  Headers headers;
  headers.add_line("Retry-After:  7 \r\n");
  EXPECT_EQ(headers.find("retry-after"), "7");
  EXPECT_EQ(headers.find("RETRY-AFTER"), "7");
  EXPECT_EQ(headers.find("retry"), std::nullopt);
}

TEST(Headers, TheFirstOfANameWinsAndAllAreKept) {
  Headers headers;
  headers.add_line("a: 1");
  headers.add_line("A: 2");
  EXPECT_EQ(headers.find("a"), "1");
  EXPECT_EQ(headers.all().size(), 2u);
}

TEST(Headers, LinesThatAreNoFieldsAreDropped) {
  Headers headers;
  headers.add_line("HTTP/1.1 200 OK\r\n");
  headers.add_line("\r\n");
  headers.add_line(": no name");
  EXPECT_TRUE(headers.all().empty());
}

TEST(Headers, AValueMayBeEmptyAndMayHoldColons) {
  Headers headers;
  headers.add_line("empty:\r\n");
  headers.add_line("when: 12:30:00\r\n");
  EXPECT_EQ(headers.find("empty"), "");
  EXPECT_EQ(headers.find("when"), "12:30:00");
}

}  // namespace
}  // namespace owl::http
