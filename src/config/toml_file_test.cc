#include "config/toml_file.h"

#include <gmock/gmock.h>

namespace owl::config {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> keys_of(std::string_view text) {
  std::vector<std::string> keys;
  const auto parsed = parse_toml(text, "owlbackup.toml");
  if (!parsed) return {parsed.error().what()};
  for (const auto& given : *parsed) keys.push_back(given.key);
  return keys;
}

std::string failure_of(std::string_view text) {
  const auto parsed = parse_toml(text, "/etc/owlbackup.toml");
  return parsed ? "nothing failed" : parsed.error().what();
}

TEST(TomlFile, ListsSectionsAndKeysInTheFilesOrder) {
  EXPECT_THAT(keys_of("name = 'x'\n[storage.zeta]\nurl = 'a'\n[storage.alpha]\nurl = 'b'\n[name2]\n"),
              ElementsAre("name", "storage", "storage.zeta", "storage.zeta.url", "storage.alpha", "storage.alpha.url",
                          "name2"));
  EXPECT_THAT(keys_of("storage.b.url = '1'\nstorage.a = {url = '2'}\n"),
              ElementsAre("storage", "storage.b", "storage.b.url", "storage.a", "storage.a.url"));
}

TEST(TomlFile, KeepsPlacesAndKinds) {
  const auto parsed = parse_toml(
      "a = 'text'\nb = 12\nc = 1.5\nd = true\ne = 2026-11-22\nf = ['x', 'y']\ng = ['x', 1]\n", "/etc/owlbackup.toml");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 7u);
  const auto& rows = *parsed;
  EXPECT_EQ(rows[0].place, "/etc/owlbackup.toml:1");
  EXPECT_EQ(rows[0].folder, "/etc");
  EXPECT_EQ(rows[0].value.kind, ValueKind::text);
  EXPECT_EQ(rows[1].value.kind, ValueKind::number);
  EXPECT_EQ(rows[1].value.text, "12");
  EXPECT_EQ(rows[2].value.kind, ValueKind::real);
  EXPECT_EQ(rows[2].value.text, "1.5");
  EXPECT_EQ(rows[3].value.kind, ValueKind::flag);
  EXPECT_EQ(rows[3].value.text, "true");
  EXPECT_EQ(rows[4].value.kind, ValueKind::date);
  EXPECT_EQ(rows[4].value.text, "2026-11-22");
  EXPECT_EQ(rows[5].value.kind, ValueKind::list);
  EXPECT_THAT(rows[5].value.list, ElementsAre("x", "y"));
  EXPECT_EQ(rows[6].value.kind, ValueKind::other_list);
  EXPECT_EQ(rows[6].place, "/etc/owlbackup.toml:7");
}

TEST(TomlFile, SaysLineAndColumnOfWhatIsNotToml) {
  EXPECT_EQ(failure_of("name = 'x'\nkey value\n"),
            "/etc/owlbackup.toml:2:5: not valid TOML: parsing key-value pair: expected '=', saw 'v'");
  EXPECT_EQ(failure_of("name = 'x'\nname = 'y'\n"),
            "/etc/owlbackup.toml:2:8: not valid TOML: parsing key-value pair: cannot redefine existing string 'name'");
  EXPECT_EQ(failure_of("[storage.primary\n"),
            "/etc/owlbackup.toml:1:17: not valid TOML: parsing table header: expected ']', saw '\\n'");
  EXPECT_EQ(failure_of("name = \"\xff\"\n"),
            "/etc/owlbackup.toml:1:8: not valid TOML: Encountered invalid utf-8 sequence");
}

/// Letters at the end of the plane, which the parser's own test for white space once ran past.
TEST(TomlFile, LettersAreNoWhiteSpace) {
  EXPECT_THAT(failure_of("\uFEDF"), testing::StartsWith("/etc/owlbackup.toml:1:1: not valid TOML: "));
  EXPECT_THAT(failure_of("name = 'x' \uFEFE"), testing::StartsWith("/etc/owlbackup.toml:1:12: not valid TOML: "));
  EXPECT_EQ(failure_of("name = '\uFEDF'"), "nothing failed");
}

TEST(TomlFile, RefusesALineOfDots) {
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  EXPECT_EQ(failure_of("name = 'x'\n" + deep + " = 1\n"),
            "/etc/owlbackup.toml:2:1: not valid TOML: more than 200 dots");
  EXPECT_EQ(failure_of("a = '" + deep + "'\n"), "nothing failed");
}

}  // namespace
}  // namespace owl::config
