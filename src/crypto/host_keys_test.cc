#include "base/text.h"
#include "crypto/keys.h"
#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

HostKeys two_epochs() {
  HostKeys keys = test_host_keys();
  keys.epochs.push_back(test_host_keys(2).epochs[0]);
  return keys;
}

std::string with(std::string_view what, std::string_view instead) {
  std::string text(as_text(serialize(two_epochs())));
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), instead);
}

std::string message_for(std::string_view what, std::string_view instead) {
  const auto parsed = parse_host_keys(as_bytes(with(what, instead)));
  return parsed ? "parsed" : parsed.error().message();
}

TEST(HostKeys, KeepWhatWritingNeedsAndNothingThatOpensData) {
  const auto secrets = test_secrets();
  const auto keys = test_host_keys();
  EXPECT_EQ(keys.writer, counting<8>(0xa0));
  EXPECT_EQ(keys.current().public_key, x25519_public(secrets.x25519_private));
  EXPECT_TRUE(equal(keys.current().m.view(), secrets.m.view()));
  const std::string text(as_text(serialize(keys)));
  EXPECT_EQ(text.find(to_hex(secrets.x25519_private.view())), std::string::npos);
  EXPECT_EQ(text.find(to_hex(secrets.h.view())), std::string::npos);
}

TEST(HostKeys, ComeBackFromTheirFile) {
  const auto keys = two_epochs();
  const Bytes file = serialize(keys);
  const auto read = value_or_throw(parse_host_keys(file));
  EXPECT_EQ(serialize(read), file);
  EXPECT_EQ(read.repository, keys.repository);
  EXPECT_EQ(read.fingerprint, keys.fingerprint);
  EXPECT_EQ(read.mode, KeyMode::openpgp);
  EXPECT_EQ(read.recipients, keys.recipients);
  EXPECT_EQ(read.epochs.size(), 2);
  EXPECT_EQ(read.current().epoch, 2);
  EXPECT_EQ(read.find(1)->public_key, keys.find(1)->public_key);
  EXPECT_EQ(read.find(3), nullptr);
  EXPECT_TRUE(equal(read.wal_naming.prf.view(), keys.wal_naming.prf.view()));
}

TEST(HostKeys, EveryModeHasAName) {
  for (const auto mode : {KeyMode::none, KeyMode::openpgp, KeyMode::passphrase}) {
    auto keys = test_host_keys();
    keys.mode = mode;
    EXPECT_EQ(value_or_throw(parse_host_keys(serialize(keys))).mode, mode);
  }
  EXPECT_EQ(to_text(KeyMode::passphrase), "passphrase");
}

TEST(HostKeys, ErrorsNameTheField) {
  EXPECT_EQ(message_for("owlbackup host keys", "owlbackup"),
            R"(host keys: field "format" says "owlbackup", not "owlbackup host keys")");
  EXPECT_EQ(message_for(R"("version": 1)", R"("version": 7)"),
            R"(host keys: field "version" is 7; this program knows 1)");
  EXPECT_EQ(message_for(R"("openpgp")", R"("pgp")"), R"(host keys: field "mode" is none of none, openpgp, passphrase)");
  EXPECT_EQ(message_for(R"("writer": "a0)", R"("writer": ")"), R"(host keys: field "writer" has 7 bytes, not 8)");
  EXPECT_EQ(message_for(R"("recipients")", R"("recipient")"), R"(host keys: field "recipients" is missing)");
  EXPECT_EQ(message_for(R"("epoch": 2)", R"("epoch": 1)"),
            R"(host keys: field "epochs[1].epoch" is not greater than the one before)");
  EXPECT_EQ(message_for(R"("public_key")", R"("publick_key")"),
            R"(host keys: field "epochs[0].public_key" is missing)");
  EXPECT_EQ(message_for(R"("prf")", R"("pdf")"), R"(host keys: field "writer_naming.prf" is missing)");
  EXPECT_EQ(message_for(R"("epoch": 1)", R"("epoch": 1, "x": 2)"), R"(host keys: field "epochs[0].x" is unknown)");
  EXPECT_EQ(message_for(R"("fingerprint": "77)", R"("fingerprint": "76)"),
            R"(host keys: field "check" does not fit the other fields: one of them was changed)");
}

TEST(HostKeys, WithoutAnEpochAreNoKeys) {
  HostKeys keys = test_host_keys();
  keys.epochs.clear();
  const auto parsed = parse_host_keys(serialize(keys));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message(), R"(host keys: field "epochs" is empty)");
}

TEST(HostKeys, EveryTruncationIsAnError) {
  const Bytes file = serialize(two_epochs());
  for_each_truncation(bytes_of(trim(as_text(file))),
                      [](const Bytes& cut, const std::string& what) { EXPECT_FALSE(parse_host_keys(cut)) << what; });
}

TEST(HostKeys, AFlippedBitIsAnErrorOrChangesNothing) {
  const Bytes file = serialize(two_epochs());
  for_each_flipped_bit(file, [&](const Bytes& damaged, const std::string& what) {
    const auto parsed = parse_host_keys(damaged);
    if (parsed) {
      EXPECT_EQ(serialize(*parsed), file) << what;
    }
  });
}

}  // namespace
}  // namespace owl::crypto
