#include "config/env_file.h"

#include <gmock/gmock.h>

namespace owl::config {
namespace {

using ::testing::ElementsAre;

std::string value_of(const std::string& line) {
  const auto parsed = parse_env_file(line, "backup.env");
  if (!parsed) return "error: " + parsed.error().message();
  return parsed->size() == 1 ? (*parsed)[0].value : "error: not one variable";
}

std::string failure_of(const std::string& text) {
  const auto parsed = parse_env_file(text, "backup.env");
  return parsed ? "nothing failed" : parsed.error().what();
}

TEST(EnvFile, ReadsValuesAsAShellWould) {
  EXPECT_EQ(value_of("KEY=value"), "value");
  EXPECT_EQ(value_of("  export\tKEY=value  "), "value");
  EXPECT_EQ(value_of("KEY="), "");
  EXPECT_EQ(value_of("KEY=a=b"), "a=b");
  EXPECT_EQ(value_of("KEY='a b # c' # comment"), "a b # c");
  EXPECT_EQ(value_of(R"(KEY="a \"b\" \\ \$c \n")"), R"(a "b" \ $c \n)");
  EXPECT_EQ(value_of(R"(KEY='it'\''s')"), "it's");
  EXPECT_EQ(value_of(R"(KEY=a\ b\#c)"), "a b#c");
  EXPECT_EQ(value_of("KEY=pre'mid'\"post\""), "premidpost");
  EXPECT_EQ(value_of("KEY='  kept  '   "), "  kept  ");
}

TEST(EnvFile, KnowsCommentsFromHashes) {
  EXPECT_EQ(value_of("KEY=value # comment"), "value");
  EXPECT_EQ(value_of("KEY=val#ue"), "val#ue");
  EXPECT_EQ(value_of("KEY=#value"), "#value");
  EXPECT_EQ(value_of("KEY= # comment"), "");
  EXPECT_EQ(value_of("# OTHER=x\n\n  # more\nKEY=y"), "y");
}

TEST(EnvFile, ExpandsNothing) {
  EXPECT_EQ(value_of("KEY=$HOME/${X}/`id`"), "$HOME/${X}/`id`");
  EXPECT_EQ(value_of("KEY=\"$HOME\""), "$HOME");
}

TEST(EnvFile, IsLenientWithBlanksAndWindows) {
  EXPECT_EQ(value_of("KEY=/srv/a /srv/b  "), "/srv/a /srv/b");
  EXPECT_EQ(value_of("\xef\xbb\xbfKEY=value\r\n"), "value");
}

TEST(EnvFile, TakesTheLastOfTwo) {
  const auto parsed = parse_env_file("A=1\nB=2\nA=3\n", "backup.env");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 2u);
  EXPECT_EQ((*parsed)[1].name, "A");
  EXPECT_EQ((*parsed)[1].value, "3");
  EXPECT_EQ((*parsed)[1].line, 3u);
}

TEST(EnvFile, NamesTheLineThatIsWrong) {
  EXPECT_EQ(failure_of("A=1\nnonsense\n"), "backup.env:2: not a line of the form KEY=value");
  EXPECT_EQ(failure_of("KEY = value"), "backup.env:1: not a line of the form KEY=value");
  EXPECT_EQ(failure_of("1KEY=value"), "backup.env:1: not a line of the form KEY=value");
  EXPECT_EQ(failure_of("export"), "backup.env:1: not a line of the form KEY=value");
  EXPECT_EQ(failure_of("\nKEY='value\n"), "backup.env:2: the quote in KEY does not end");
  EXPECT_EQ(failure_of("KEY=\"value\\\""), "backup.env:1: the quote in KEY does not end");
  EXPECT_EQ(failure_of(std::string("KEY=a\0b", 7)), "backup.env:1: KEY must not hold a NUL byte");
}

}  // namespace
}  // namespace owl::config
