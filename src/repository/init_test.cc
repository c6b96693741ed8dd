#include <sys/stat.h>

#include <algorithm>

#include "os/file.h"
#include "repository/epoch_public.h"
#include "repository/repository.h"
#include "repository/test_support.h"

namespace owl::repository {
namespace {

using storage::error_of;
using test::Bench;
using test::Crash;
using test::Operation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

InitOptions in_the_clear() {
  InitOptions options;
  options.mode = crypto::KeyMode::none;
  options.name = "renderowl";
  return options;
}

class InitTest : public testing::Test {
 protected:
  InitPlan plan() { return plan_init(in_the_clear(), bench.clock, bench.random); }
  void write(const crypto::HostKeys& host, ByteView wrap) {
    auto set = bench.stores();
    write_repository(set, in_the_clear(), host, wrap, bench.clock, bench.random);
  }
  void expect_complete(const crypto::HostKeys& host) {
    for (const auto* store : {"a", "b"}) {
      EXPECT_THAT(bench.keys_in(store, ""), ElementsAre("RESTORE.md", "keys/0001/000001.clear",
                                                        "keys/0001/000001.clear.mac", "keys/0001/public", "owl.json"));
      check_repository(bench.raw(store), host);
      const auto secrets = unwrap_secrets(bench.raw(store), host, {}, {});
      EXPECT_EQ(secrets.size(), 1U);
    }
  }

  Bench bench;
};

TEST_F(InitTest, MakesARepositoryInEveryStore) {
  const auto made = plan();
  write(made.host, made.wrap);
  expect_complete(made.host);
}

TEST_F(InitTest, WritesOwlJsonLast) {
  std::vector<std::string> puts;
  bench.hooks.after = [&](const Operation& operation) {
    if (operation.verb == "put" && operation.store == "a") puts.push_back(operation.key);
  };
  const auto made = plan();
  write(made.host, made.wrap);
  EXPECT_THAT(puts, ElementsAre("keys/0001/000001.clear", "keys/0001/000001.clear.mac", "keys/0001/public",
                                "RESTORE.md", "owl.json"));
}

TEST_F(InitTest, KilledAtAnyMomentIsFinishedByTheSameKeyFile) {
  for (const bool with_wrap : {true, false}) {
    for (std::size_t n = 1;; ++n) {
      SCOPED_TRACE("killed at operation " + std::to_string(n) + (with_wrap ? "" : ", the wrap is lost"));
      Bench fresh;
      const auto made = plan_init(in_the_clear(), fresh.clock, fresh.random);
      std::size_t operations = 0;
      fresh.hooks.after = [&](const Operation&) {
        if (++operations >= n) throw Crash();
      };
      const auto attempt = [&](ByteView wrap) {
        auto set = fresh.stores();
        write_repository(set, in_the_clear(), made.host, wrap, fresh.clock, fresh.random);
      };
      bool died = false;
      try {
        attempt(made.wrap);
      } catch (const Crash&) {
        died = true;
      }
      fresh.hooks = {};
      const bool wrap_is_proven = !fresh.keys_in("a", "keys/0001/public").empty();
      if (with_wrap || wrap_is_proven) {
        attempt(with_wrap ? made.wrap : Bytes{});
        for (const auto* store : {"a", "b"}) {
          check_repository(fresh.raw(store), made.host);
          EXPECT_EQ(unwrap_secrets(fresh.raw(store), made.host, {}, {}).size(), 1U);
        }
      } else {
        const auto error = error_of([&] { attempt({}); });
        EXPECT_EQ(error.kind(), ErrorKind::refused);
        EXPECT_THAT(error.hint(), HasSubstr("Remove the key file"));
        EXPECT_THAT(fresh.keys_in("a", "owl.json"), IsEmpty());
      }
      if (!died) break;
    }
  }
}

TEST_F(InitTest, AgainChangesNothing) {
  const auto made = plan();
  write(made.host, made.wrap);
  std::atomic<int> puts = 0;
  bench.hooks.after = [&](const Operation& operation) { puts += operation.verb == "put" ? 1 : 0; };
  write(made.host, made.wrap);
  write(made.host, {});
  EXPECT_EQ(puts, 0);
}

TEST_F(InitTest, AStoreThatComesLaterGetsTheSameWrap) {
  Bench one({"a"});
  const auto made = plan_init(in_the_clear(), one.clock, one.random);
  auto set = one.stores();
  write_repository(set, in_the_clear(), made.host, made.wrap, one.clock, one.random);
  StoreSet both({one.raw_member("a"), bench.raw_member("b")}, one.monitor);
  write_repository(both, in_the_clear(), made.host, {}, one.clock, one.random);
  EXPECT_EQ(*bench.raw("b").get("keys/0001/000001.clear", {}), made.wrap);
  check_repository(bench.raw("b"), made.host);
}

TEST_F(InitTest, AnotherRepositoryIsRefusedBeforeAnythingIsWritten) {
  const auto other = plan(), ours = plan();
  {
    StoreSet only_b({bench.raw_member("b")}, bench.monitor);
    write_repository(only_b, in_the_clear(), other.host, other.wrap, bench.clock, bench.random);
  }
  EXPECT_EQ(error_of([&] { write(ours.host, ours.wrap); }).kind(), ErrorKind::conflict);
  EXPECT_THAT(bench.keys_in("a", ""), IsEmpty());
}

TEST_F(InitTest, TheBeginningsOfAnotherRepositoryAreRefused) {
  const auto other = plan(), ours = plan();
  bench.raw("b").overwrite("keys/0001/000001.clear", other.wrap);
  EXPECT_EQ(error_of([&] { write(ours.host, ours.wrap); }).kind(), ErrorKind::conflict);
  bench.raw("b").overwrite("keys/0001/public", serialize(first_epoch_public(other.host)));
  EXPECT_EQ(error_of([&] { write(ours.host, ours.wrap); }).kind(), ErrorKind::conflict);
  EXPECT_THAT(bench.keys_in("a", ""), IsEmpty());
}

TEST_F(InitTest, CheckRepositoryTellsItsCases) {
  const auto ours = plan(), other = plan();
  auto error = error_of([&] { check_repository(bench.raw("a"), ours.host); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_STREQ(error.what(), "there is no repository in a (memory)");
  EXPECT_THAT(error.hint(), HasSubstr("owlbackup init"));
  write(other.host, other.wrap);
  EXPECT_EQ(error_of([&] { check_repository(bench.raw("a"), ours.host); }).kind(), ErrorKind::conflict);
  auto object = *read_repository_object(bench.raw("a"));
  auto forged_keys = ours.host;
  forged_keys.repository = object.id;
  EXPECT_EQ(error_of([&] { check_repository(bench.raw("a"), forged_keys); }).kind(), ErrorKind::integrity) << "the MAC";
}

TEST_F(InitTest, OwlJsonIsWhatTheFormatPageSays) {
  const auto host = crypto::test_host_keys();
  const auto text = serialize(RepositoryObject{host.repository, 1, {}}, *host.find(1));
  EXPECT_THAT(std::string(as_text(text)),
              testing::StartsWith(
                  R"({"owlbackup":"repository","format":1,"repository":"101112131415161718191a1b1c1d1e1f","mac":")"));
  const auto parsed = value_or_throw(parse_repository_object(text));
  EXPECT_EQ(parsed.id, host.repository);
  for (const char* bad : {"", "{", "{}", R"({"owlbackup":"repository","format":1,"repository":"10","mac":"11"})"}) {
    EXPECT_FALSE(parse_repository_object(as_bytes(bad))) << bad;
  }
  const auto later = parse_repository_object(as_bytes(R"({"owlbackup":"repository","format":2})"));
  EXPECT_EQ(later.error().kind(), ErrorKind::unsupported);
}

TEST_F(InitTest, ThePublicHalfIsWhatTheFormatPageSays) {
  const auto half = first_epoch_public(crypto::test_host_keys());
  const auto text = serialize(half);
  EXPECT_THAT(std::string(as_text(text)),
              testing::StartsWith(R"({"owlbackup":"epoch","format":1,"epoch":1,"mode":"openpgp","public":")"));
  EXPECT_THAT(std::string(as_text(text)), testing::EndsWith("\"mac\":null}\n"));
  const auto parsed = value_or_throw(parse_epoch_public(text));
  EXPECT_EQ(parsed.public_key, half.public_key);
  EXPECT_EQ(parsed.commitment, half.commitment);
  auto chained = half;
  chained.mac = crypto::counting<32>(5);
  EXPECT_EQ(value_or_throw(parse_epoch_public(serialize(chained))).mac, chained.mac);
}

TEST_F(InitTest, RestoreMdTellsAPersonWhatToDo) {
  const auto made = plan();
  write(made.host, made.wrap);
  const std::string text(as_text(*bench.raw("a").get("RESTORE.md", {})));
  for (const auto& part : {crypto::to_text(made.host.fingerprint), std::string("renderowl"), std::string("docs/format"),
                           std::string("owlbackup keys enroll"), std::string("owlbackup restore cluster")}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_F(InitTest, APassphraseIsProvenToOpenTheWrap) {
  InitOptions options;
  options.mode = crypto::KeyMode::passphrase;
  options.passphrase = Secret("correct horse");
  const auto made = plan_init(options, bench.clock, bench.random);
  auto set = bench.stores();
  write_repository(set, options, made.host, made.wrap, bench.clock, bench.random);
  int asked = 0;
  crypto::UnwrapSources sources;
  sources.passphrase = [&] {
    ++asked;
    return Secret("correct horse");
  };
  const auto enrolment = enrol_from_private_key(bench.raw("b"), sources, bench.random);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(enrolment.host.mode, crypto::KeyMode::passphrase);
  sources.passphrase = [] { return Secret("wrong"); };
  EXPECT_EQ(error_of([&] { enrol_from_private_key(bench.raw("b"), sources, bench.random); }).kind(), ErrorKind::no_key);
}

TEST_F(InitTest, AnExpiredRecipientIsRefused) {
  InitOptions options;
  options.recipients = {{"00112233445566778899AABBCCDDEEFF00112233", "backup@example", Timestamp{1}}};
  EXPECT_EQ(error_of([&] { plan_init(options, bench.clock, bench.random); }).kind(), ErrorKind::config);
}

TEST_F(InitTest, EnrolmentGivesANewWriterOfTheSameRepository) {
  const auto made = plan();
  write(made.host, made.wrap);
  const auto enrolment = enrol_from_private_key(bench.raw("a"), {}, bench.random);
  EXPECT_EQ(enrolment.host.repository, made.host.repository);
  EXPECT_EQ(enrolment.host.fingerprint, made.host.fingerprint);
  EXPECT_NE(enrolment.host.writer, made.host.writer);
  EXPECT_EQ(enrolment.host.current().public_key, made.host.current().public_key);
  EXPECT_EQ(enrolment.secrets.size(), 1U);
  EXPECT_TRUE(crypto::parse_host_keys(crypto::serialize(enrolment.host)));
}

TEST_F(InitTest, EnrolmentRefusesKeysThatDoNotFitTogether) {
  const auto made = plan(), other = plan();
  EXPECT_EQ(error_of([&] { enrol_from_private_key(bench.raw("a"), {}, bench.random); }).kind(), ErrorKind::config);
  write(made.host, made.wrap);
  bench.raw("a").overwrite("keys/0001/public", serialize(first_epoch_public(other.host)));
  EXPECT_EQ(error_of([&] { enrol_from_private_key(bench.raw("a"), {}, bench.random); }).kind(), ErrorKind::integrity);
  bench.raw("a").overwrite("keys/0001/000001.clear", other.wrap);
  EXPECT_EQ(error_of([&] { enrol_from_private_key(bench.raw("a"), {}, bench.random); }).kind(), ErrorKind::integrity)
      << "of another repository";
  bench.raw("a").remove("keys/0001/000001.clear", {});
  bench.raw("a").remove("keys/0001/public", {});
  EXPECT_EQ(error_of([&] { enrol_from_private_key(bench.raw("a"), {}, bench.random); }).kind(), ErrorKind::integrity);
}

TEST_F(InitTest, AWholeForgedRepositoryHasAnotherFingerprint) {
  const auto made = plan(), forged = plan();
  StoreSet only_a({bench.raw_member("a")}, bench.monitor);
  write_repository(only_a, in_the_clear(), forged.host, forged.wrap, bench.clock, bench.random);
  EXPECT_NE(enrol_from_private_key(bench.raw("a"), {}, bench.random).host.fingerprint, made.host.fingerprint);
  EXPECT_EQ(error_of([&] { unwrap_secrets(bench.raw("a"), made.host, {}, {}); }).kind(), ErrorKind::conflict)
      << "a host with a key file is not taken in";
}

TEST_F(InitTest, ALaterWrapIsTriedFirstAndAnOlderOneWhereItDoesNotOpen) {
  const auto made = plan();
  write(made.host, made.wrap);
  bench.raw("a").overwrite("keys/0001/000002.pgp.unknown", Bytes(10));
  EXPECT_EQ(unwrap_secrets(bench.raw("a"), made.host, {}, {1}).size(), 1U);
  EXPECT_THAT(unwrap_secrets(bench.raw("a"), made.host, {}, {2}), IsEmpty());
}

class KeyFileTest : public testing::Test {
 protected:
  const os::test::TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "state" / "host.key";
  const crypto::HostKeys keys = crypto::test_host_keys();
};

TEST_F(KeyFileTest, IsWrittenForItsOwnerAloneAndReadBack) {
  write_key_file(path, keys);
  EXPECT_EQ(read_key_file(path).writer, keys.writer);
  EXPECT_EQ(os::status_of(path)->mode, 0600U);
  write_key_file(path, keys);
}

TEST_F(KeyFileTest, AbsentNamesEnroll) {
  EXPECT_FALSE(read_key_file_if_exists(path));
  const auto error = error_of([&] { read_key_file(path); });
  EXPECT_EQ(error.kind(), ErrorKind::no_key);
  EXPECT_THAT(error.hint(), HasSubstr("owlbackup keys enroll"));
}

TEST_F(KeyFileTest, ThatOthersCanReadIsRefused) {
  write_key_file(path, keys);
  std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  const auto error = error_of([&] { read_key_file(path); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(error.hint(), "chmod 600 " + path.string());
}

TEST_F(KeyFileTest, DamagedIsNamed) {
  os::make_folders(path.parent_path());
  os::replace_file(path, as_bytes("{}"));
  EXPECT_THAT(error_of([&] { read_key_file(path); }).what(), HasSubstr(path.string()));
}

TEST_F(KeyFileTest, OfAnotherRepositoryIsNeverOverwritten) {
  write_key_file(path, keys);
  auto other = keys;
  other.repository = crypto::counting<16>(0x99);
  EXPECT_EQ(error_of([&] { write_key_file(path, other); }).kind(), ErrorKind::already_exists);
  EXPECT_EQ(read_key_file(path).repository, keys.repository);
}

}  // namespace
}  // namespace owl::repository
