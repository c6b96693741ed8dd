#include "repository/head.h"

#include <gtest/gtest.h>

#include "os/file.h"
#include "os/test_support.h"

namespace owl::repository {
namespace {

Head head(std::uint64_t sequence, std::uint8_t digit) {
  Head out{sequence, {}};
  out.digest.fill(digit);
  return out;
}

TEST(HeadFile, RemembersByStoreAndSource) {
  const os::test::TemporaryFolder folder;
  const auto path = folder.path() / "state" / "heads.json";
  {
    HeadFile file(path);
    EXPECT_FALSE(file.find("a", "cluster/x"));
    file.add("a", "cluster/x", "main", "backups/3", head(3, 0x4f));
    file.add("b", "cluster/x", "main", "backups/2", head(2, 0x11));
    file.add("a", "cluster/x", "main", "backups/4", head(4, 0x50));
  }
  const HeadFile file(path);
  EXPECT_FALSE(file.damaged());
  EXPECT_EQ(file.find("a", "cluster/x")->newest.sequence, 4U);
  EXPECT_EQ(file.find("a", "cluster/x")->newest.digest, head(4, 0x50).digest);
  EXPECT_EQ(file.find("a", "cluster/x")->name, "main");
  EXPECT_EQ(file.find("a", "cluster/x")->backups,
            (std::map<std::string, std::uint64_t>{{"backups/3", 3}, {"backups/4", 4}}));
  EXPECT_EQ(file.find("b", "cluster/x")->newest.sequence, 2U);
  EXPECT_EQ(file.of("a").size(), 1U);
  EXPECT_TRUE(file.of("a").contains("cluster/x"));
  EXPECT_TRUE(file.of("").empty());
  EXPECT_FALSE(file.find("a", "files/x"));
}

TEST(HeadFile, TwoRunsDoNotForgetForEachOther) {
  const os::test::TemporaryFolder folder;
  HeadFile one(folder / "heads.json"), two(folder / "heads.json");
  one.add("a", "cluster/x", "main", "backups/1", head(1, 1));
  two.add("a", "files/y", "assets", "backups/2", head(2, 2));
  const HeadFile after(folder / "heads.json");
  EXPECT_TRUE(after.find("a", "cluster/x") && after.find("a", "files/y"));
}

TEST(HeadFile, DamagedBeginsAnew) {
  const os::test::TemporaryFolder folder;
  for (const char* text :
       {"", "{", "{\"owlbackup\":\"heads\",\"format\":2,\"heads\":{}}",
        "{\"owlbackup\":\"heads\",\"format\":1,\"heads\":{\"a b\":{\"sequence\":1,\"digest\":\"zz\"}}}",
        "{\"owlbackup\":\"heads\",\"format\":1,\"heads\":{\"a b\":{\"name\":\"x\",\"sequence\":1,\"digest\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\"backups\":{\"k\":\"1\"}}}}"}) {
    os::replace_file(folder / "heads.json", as_bytes(text));
    HeadFile file(folder / "heads.json");
    EXPECT_TRUE(file.damaged()) << text;
    EXPECT_FALSE(file.find("a", "b"));
    file.add("a", "b", "main", "backups/1", head(1, 1));
    EXPECT_FALSE(HeadFile(folder / "heads.json").damaged());
  }
}

TEST(Head, AsPeopleCarryItAway) {
  const auto h = head(12, 0x4f);
  EXPECT_EQ(to_text(h), "12/4f4f4f4f");
  EXPECT_TRUE(head_matches(h, "12/4f4f4f4f"));
  EXPECT_TRUE(head_matches(h, "12/4F4F4F4F4f4f"));
  EXPECT_FALSE(head_matches(h, "13/4f4f4f4f"));
  EXPECT_FALSE(head_matches(h, "12/4f4f4f40"));
  EXPECT_FALSE(head_matches(h, "12/4f")) << "too few digits to mean anything";
  EXPECT_FALSE(head_matches(h, "12"));
  EXPECT_FALSE(head_matches(h, "/4f4f4f4f"));
  EXPECT_FALSE(head_matches(h, ""));
}

}  // namespace
}  // namespace owl::repository
