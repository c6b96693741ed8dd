// A store that gives other bytes than it was given: never a wrong restore, and the object is named.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/files.h"
#include "faults/s3_site.h"

namespace owl::test {
namespace {

constexpr int integrity = 5;

/// The kinds of objects that a restore reads, and how their keys begin.
struct Lie {
  const char* part;
  Fault fault;
};
void PrintTo(const Lie& lie, std::ostream* out) {
  *out << lie.part << (lie.fault == Fault::flip ? " flipped" : lie.fault == Fault::shorten ? " shortened" : " swapped");
}

class WrongBytes : public testing::TestWithParam<Lie> {};

TEST_P(WrongBytes, AreNamedAndNeverRestored) {
  auto& s3 = S3Site::shared();
  const Faults faults({{.method = "GET", .part = GetParam().part, .fault = GetParam().fault}});
  const auto restored = s3.restore_judged();
  EXPECT_GT(Faults::happened(), 0);
  EXPECT_EQ(restored.exit_code, integrity) << restored;
  const std::string key(std::string_view(GetParam().part).substr(std::string_view("/faults/").size()));
  EXPECT_THAT(restored.err, testing::HasSubstr(key));
  EXPECT_THAT(restored.err, testing::HasSubstr("primary"));
}

INSTANTIATE_TEST_SUITE_P(Restore, WrongBytes,
                         testing::Values(Lie{"/faults/packs/d/", Fault::flip}, Lie{"/faults/packs/d/", Fault::shorten},
                                         Lie{"/faults/packs/d/", Fault::another_body},
                                         Lie{"/faults/packs/m/", Fault::flip}, Lie{"/faults/packs/m/", Fault::shorten},
                                         Lie{"/faults/backups/", Fault::flip}, Lie{"/faults/backups/", Fault::shorten},
                                         Lie{"/faults/backups/", Fault::another_body}, Lie{"/faults/wal/", Fault::flip},
                                         Lie{"/faults/owl.json", Fault::flip}));

class WrongWal : public testing::TestWithParam<Fault> {};

TEST_P(WrongWal, IsAFailureOfFetchAndNotTheEndOfTheArchive) {
  auto& s3 = S3Site::shared();
  const auto name = s3.newest_wal();
  const auto to = s3.site().make("fetched-" + std::to_string(static_cast<int>(GetParam()))) / name;
  const Faults faults({{.method = "GET", .part = "/faults/wal/", .fault = GetParam()}});
  // For another's body there must have been another: the two are fetched in turn.
  s3.site().owl({"wal", "fetch", "000000010000000000000001", to});
  std::filesystem::remove(to);
  const auto fetched = s3.site().owl({"wal", "fetch", name, to});
  EXPECT_GT(Faults::happened(), 0);
  EXPECT_EQ(fetched.exit_code, 200) << fetched;
  EXPECT_THAT(fetched.err, testing::HasSubstr(name));
  EXPECT_FALSE(std::filesystem::exists(to));
}

INSTANTIATE_TEST_SUITE_P(Fetch, WrongWal, testing::Values(Fault::flip, Fault::shorten, Fault::another_body));

TEST(WrongBytesInVerify, AreFoundByVerifyData) {
  auto& s3 = S3Site::shared();
  const Faults faults({{.method = "GET", .part = "/faults/packs/d/", .fault = Fault::flip}});
  const auto verified = s3.site().owl({"verify", "--data"});
  EXPECT_EQ(verified.exit_code, integrity) << verified;
  EXPECT_THAT(verified.out, testing::ContainsRegex("DAMAGED packs/d/[^ ]* in primary"));
}

TEST(WrongBytesInVerify, AreGoneWithTheLiar) {
  S3Site::shared().expect_sound();
}

}  // namespace
}  // namespace owl::test
