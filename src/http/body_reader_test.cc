#include "http/body_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace owl::http {
namespace {

std::string read_all(std::span<const ByteView> pieces, std::size_t step) {
  BodyReader reader(pieces);
  std::string all;
  Bytes buffer(step);
  while (const auto size = reader.read(buffer)) all += as_text(ByteView(buffer).first(size));
  return all;
}

TEST(BodyReader, JoinsThePiecesWhateverTheStep) {
  const ByteView pieces[] = {as_bytes(""),  as_bytes("abc"),  as_bytes(""),
                             as_bytes("d"), as_bytes("efgh"), as_bytes("")};
  for (std::size_t step = 1; step < 12; ++step) EXPECT_EQ(read_all(pieces, step), "abcdefgh") << step;
  EXPECT_EQ(BodyReader(pieces).total(), 8u);
}

TEST(BodyReader, NothingIsNothing) {
  EXPECT_EQ(read_all({}, 4), "");
  EXPECT_EQ(BodyReader({}).total(), 0u);
}

}  // namespace
}  // namespace owl::http
