#include "base/text.h"
#include "crypto/keys.h"
#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

constexpr std::string_view golden =
    R"({"format":"owlbackup epoch secrets","version":1,"repository":"101112131415161718191a1b1c1d1e1f","epoch":1,)"
    R"("x25519_private":"2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40",)"
    R"("m":"6162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80",)"
    R"("h":"c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf","check":"a626e6567390f4db"})"
    "\n";

std::string with(std::string text, std::string_view what, std::string_view instead) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), instead);
}

Error error_for(std::string_view what, std::string_view instead) {
  const auto parsed = parse_epoch_secrets(as_bytes(with(std::string(golden), what, instead)));
  if (!parsed) return parsed.error();
  ADD_FAILURE() << "parsed with " << instead;
  return Error(ErrorKind::internal, "parsed");
}

TEST(EpochSecrets, AreOneLineOfJson) {
  EXPECT_EQ(as_text(serialize(test_secrets())), golden);
  const auto secrets = value_or_throw(parse_epoch_secrets(as_bytes(golden)));
  EXPECT_EQ(secrets.repository, counting<16>(0x10));
  EXPECT_EQ(secrets.epoch, 1);
  EXPECT_TRUE(equal(secrets.x25519_private.view(), counting<32>(0x21)));
  EXPECT_TRUE(equal(secrets.m.view(), counting<32>(0x61)));
  EXPECT_TRUE(equal(secrets.h.view(), counting<32>(0xc0)));
}

TEST(EpochSecrets, AreReadHoweverAPersonLaidThemOut) {
  std::string text(golden);
  text = with(text, R"(,"epoch":1,)", ",\n  \"epoch\" : 1,\n");
  text = with(text, "2a2b2c2d2e2f", "2A2B2C2D2E2F");
  EXPECT_TRUE(parse_epoch_secrets(as_bytes(text)));
}

TEST(EpochSecrets, ErrorsNameTheField) {
  EXPECT_EQ(error_for("owlbackup epoch secrets", "owlbackup host keys").message(),
            R"(epoch secrets: field "format" says "owlbackup host keys", not "owlbackup epoch secrets")");
  const auto newer = error_for(R"("version":1)", R"("version":2)");
  EXPECT_EQ(newer.message(), R"(epoch secrets: field "version" is 2; this program knows 1)");
  EXPECT_EQ(newer.kind(), ErrorKind::unsupported);
  EXPECT_EQ(error_for(R"("m":)", R"("M":)").message(), R"(epoch secrets: field "m" is missing)");
  EXPECT_EQ(error_for(R"("m":"6162)", R"("m":"62)").message(), R"(epoch secrets: field "m" has 31 bytes, not 32)");
  EXPECT_EQ(error_for(R"("m":"61)", R"("m":"6x)").message(), R"(epoch secrets: field "m" is not hexadecimal)");
  EXPECT_EQ(error_for(R"("epoch":1,)", R"("epoch":"1",)").message(),
            R"(epoch secrets: field "epoch" is no whole number from 1 to 4294967295)");
  EXPECT_EQ(error_for(R"("epoch":1,)", R"("epoch":0,)").message(),
            R"(epoch secrets: field "epoch" is no whole number from 1 to 4294967295)");
  EXPECT_EQ(error_for(R"("h":)", R"("more":1,"h":)").message(), R"(epoch secrets: field "more" is unknown)");
  EXPECT_EQ(error_for(R"("m":"61)", R"("m":"51)").message(),
            R"(epoch secrets: field "check" does not fit the other fields: one of them was changed)");
  EXPECT_EQ(error_for("{", "[").kind(), ErrorKind::integrity);
}

TEST(EpochSecrets, NoJsonAtAllIsAnErrorToo) {
  for (const auto* text : {"", "null", "[]", "1", "\"x\"", "{}", "-----BEGIN PGP MESSAGE-----"}) {
    EXPECT_FALSE(parse_epoch_secrets(as_bytes(text))) << text;
  }
}

TEST(EpochSecrets, EveryTruncationIsAnError) {
  const Bytes whole = bytes_of(trim(golden));
  for_each_truncation(
      whole, [](const Bytes& cut, const std::string& what) { EXPECT_FALSE(parse_epoch_secrets(cut)) << what; });
}

TEST(EpochSecrets, AFlippedBitIsAnErrorOrChangesNothing) {
  // The other case of a letter, or another kind of blank: what is read is the same, or nothing is.
  for_each_flipped_bit(bytes_of(golden), [](const Bytes& damaged, const std::string& what) {
    const auto parsed = parse_epoch_secrets(damaged);
    if (parsed) {
      EXPECT_EQ(as_text(serialize(*parsed)), golden) << what;
    }
  });
}

TEST(GenerateEpoch, DrawsEachSecretAfresh) {
  CountingRandom random(0);
  const auto secrets = generate_epoch(counting<16>(9), 3, random);
  EXPECT_EQ(secrets.repository, counting<16>(9));
  EXPECT_EQ(secrets.epoch, 3);
  EXPECT_TRUE(equal(secrets.x25519_private.view(), counting<32>(0)));
  EXPECT_TRUE(equal(secrets.m.view(), counting<32>(32)));
  EXPECT_TRUE(equal(secrets.h.view(), counting<32>(64)));
}

}  // namespace
}  // namespace owl::crypto
