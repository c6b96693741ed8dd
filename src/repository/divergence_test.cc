#include "repository/divergence.h"

#include "os/test_support.h"
#include "repository/head_survey.h"
#include "repository/source_id.h"
#include "repository/test_support.h"

namespace owl::repository {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Head head(std::uint64_t sequence, std::uint8_t digit = 1) {
  Head out{sequence, {}};
  out.digest.fill(digit);
  return out;
}

class CompareHeads : public testing::Test {
 protected:
  void remember(const std::string& store, std::uint64_t number, std::uint8_t digit = 1) {
    heads.add(store, "cluster/" + id, "main", path(number), head(number, digit));
  }
  static std::string path(std::uint64_t number) { return "backups/" + std::to_string(100 + number); }
  static Shown shown(const std::string& store, const std::set<std::uint64_t>& numbers) {
    Shown out{store, {}, std::nullopt};
    for (const auto number : numbers) out.manifests.insert(path(number));
    if (!numbers.empty()) out.newest = head(*numbers.rbegin());
    return out;
  }
  std::vector<std::string> compare(const std::vector<Shown>& stores) {
    std::vector<std::string> out;
    for (const auto& divergence : compare_heads(source, stores, heads)) out.push_back(to_text(divergence));
    return out;
  }

  const std::string id = "fa7e77d18d372fa0";
  const Source source{"cluster", "main", {id}};
  const os::test::TemporaryFolder folder;
  HeadFile heads{folder / "heads.json"};
};

TEST_F(CompareHeads, SaysNothingWhereAllIsAsItWas) {
  for (const std::uint64_t number : {1U, 2U, 3U}) remember("a", number);
  EXPECT_THAT(compare({shown("a", {1, 2, 3}), shown("b", {1, 2, 3})}), IsEmpty());
  EXPECT_THAT(compare({shown("a", {1, 2, 3, 4})}), IsEmpty()) << "another host backed up, too";
  EXPECT_THAT(compare({}), IsEmpty());
}

TEST_F(CompareHeads, CountsWhatAStoreHasLost) {
  for (const std::uint64_t number : {1U, 2U, 3U, 4U, 5U}) remember("a", number);
  const std::string begin = "store a has lost ";
  EXPECT_THAT(
      compare({shown("a", {1, 2, 3, 4})}),
      ElementsAre(begin + "1 backup of cluster main that this host put there: number 5; the newest there is number 4"));
  EXPECT_THAT(
      compare({shown("a", {1, 3, 5})}),
      ElementsAre(begin +
                  "2 backups of cluster main that this host put there: numbers 2 and 4; the newest there is number 5"));
  EXPECT_THAT(
      compare({shown("a", {1, 2})}),
      ElementsAre(begin +
                  "3 backups of cluster main that this host put there: numbers 3 to 5; the newest there is number 2"));
  EXPECT_THAT(
      compare({shown("a", {2, 4})}),
      ElementsAre(begin +
                  "3 backups of cluster main that this host put there: numbers 1 … 5; the newest there is number 4"));
  EXPECT_THAT(
      compare({shown("a", {})}),
      ElementsAre(begin +
                  "5 backups of cluster main that this host put there: numbers 1 to 5; there is none any more"));
}

TEST_F(CompareHeads, TellsAnotherHistoryByItsDigest) {
  remember("a", 1, 0x4f);
  EXPECT_THAT(
      compare({shown("a", {1})}),
      ElementsAre("store a shows another history of cluster main: its number 1 is 1/01010101, and this host put "
                  "1/4f4f4f4f there"));
}

TEST_F(CompareHeads, CountsHowFarAStoreIsBehindTheOthers) {
  EXPECT_THAT(
      compare({shown("a", {1, 2, 3, 4}), shown("b", {1})}),
      ElementsAre("store b is 3 backups behind in cluster main: the newest there is number 1, store a has number 4"));
  EXPECT_THAT(compare({shown("a", {1}), shown("b", {})}),
              ElementsAre("store b is 1 backup behind in cluster main: it has none, store a has number 1"));
  EXPECT_THAT(compare({shown("a", {1, 2, 3}), shown("b", {1, 3})}),
              ElementsAre("store b lacks 1 backup of cluster main that other stores have"));
}

TEST_F(CompareHeads, WhatIsLostIsNotSaidToBeBehindAsWell) {
  for (const std::uint64_t number : {1U, 2U}) remember("b", number);
  EXPECT_THAT(compare({shown("a", {1, 2}), shown("b", {1})}),
              ElementsAre("store b has lost 1 backup of cluster main that this host put there: number 2; the newest "
                          "there is number 1"));
  EXPECT_THAT(
      compare({shown("a", {1, 2, 3}), shown("b", {1})}),
      ElementsAre(
          "store b has lost 1 backup of cluster main that this host put there: number 2; the newest there is number 1",
          "store b is 1 backup behind in cluster main: the newest there is number 1, store a has number 3"));
}

TEST_F(CompareHeads, RemembersASourceUnderTheIdsOfAllItsEpochs) {
  heads.add("a", "cluster/0000000000000001", "main", path(1), head(1));
  remember("a", 2);
  const Source rotated{"cluster", "main", {id, "0000000000000001"}};
  const auto divergences = compare_heads(rotated, {shown("a", {})}, heads);
  ASSERT_EQ(divergences.size(), 1U);
  EXPECT_EQ(divergences[0].lost, (std::map<std::string, std::uint64_t>{{path(1), 1}, {path(2), 2}}));
}

class SurveyHeads : public testing::Test {
 protected:
  std::vector<SurveyedSource> survey() {
    auto set = bench.stores();
    return survey_heads(set, bench.keys, list_backups(set), HeadFile(bench.state.path() / "heads.json"));
  }
  std::vector<std::string> divergences() {
    std::vector<std::string> out;
    for (const auto& source : survey()) {
      for (const auto& divergence : source.divergences) out.push_back(to_text(divergence));
    }
    return out;
  }

  test::Bench bench;
  const std::vector<Bytes> blobs = test::some_blobs(2);
};

TEST_F(SurveyHeads, ShowsTheHeadOfEachStore) {
  bench.back_up(blobs);
  bench.clock.advance(1h);
  const auto second = bench.back_up(blobs).committed;
  const auto sources = survey();
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(to_text(sources[0].source), "cluster testdb");
  ASSERT_EQ(sources[0].stores.size(), 2U);
  for (const auto& shown : sources[0].stores) {
    EXPECT_EQ(to_text(*shown.newest), to_text(Head{2, second.digest}));
    EXPECT_EQ(shown.manifests.size(), 2U);
  }
  EXPECT_THAT(divergences(), IsEmpty());
  EXPECT_THAT(bench.monitor.warnings(), IsEmpty());
}

TEST_F(SurveyHeads, OfBackupsInTheSameSecondTheHighestNumberIsTheNewest) {
  for (std::uint64_t number = 1; number <= 5; ++number) {
    const auto made = bench.back_up(blobs).committed;
    EXPECT_EQ(made.sequence, number);
    EXPECT_EQ(to_text(*survey().at(0).stores.at(0).newest), to_text(Head{number, made.digest}));
  }
}

TEST_F(SurveyHeads, FindsASourceThatNoStoreShowsAnyMore) {
  const auto made = bench.back_up(blobs).committed;
  for (const auto* store : {"a", "b"}) bench.raw(store).remove(made.key, {});
  EXPECT_THAT(
      divergences(),
      ElementsAre(
          "store a has lost 1 backup of cluster testdb that this host put there: number 1; there is none any more",
          "store b has lost 1 backup of cluster testdb that this host put there: number 1; there is none any more"));
}

TEST_F(SurveyHeads, AHostWithoutMemoryStillSeesThatAStoreIsBehind) {
  bench.back_up(blobs);
  bench.clock.advance(1h);
  const auto second = bench.back_up(blobs).committed;
  std::filesystem::remove(bench.state.path() / "heads.json");
  bench.raw("b").remove(second.key, {});
  EXPECT_THAT(
      divergences(),
      ElementsAre("store b is 1 backup behind in cluster testdb: the newest there is number 1, store a has number 2"));
}

TEST_F(SurveyHeads, ADamagedManifestIsNotALostOne) {
  const auto made = bench.back_up(blobs).committed;
  bench.raw("a").overwrite(made.key, Bytes(600));
  EXPECT_THAT(divergences(), IsEmpty());
  EXPECT_THAT(bench.monitor.warnings(), testing::Contains(testing::HasSubstr("store a: ")));
}

TEST_F(SurveyHeads, AStoreThatDoesNotAnswerIsNotComparedWith) {
  bench.back_up(blobs);
  bench.clock.advance(1h);
  bench.back_up(blobs);
  bench.hooks.before = [](const test::Operation& operation) {
    if (operation.store == "b" && operation.verb == "get") throw Error(ErrorKind::unreachable, "no route");
  };
  EXPECT_THAT(divergences(), IsEmpty());
  EXPECT_THAT(bench.monitor.warnings(), ElementsAre("store b takes no further part in this run: no route"));
}

}  // namespace
}  // namespace owl::repository
