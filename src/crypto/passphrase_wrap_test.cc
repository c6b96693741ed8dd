#include "crypto/passphrase_wrap.h"

#include "codec/hash.h"
#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

/// The least that is taken, so that tests are quick.
constexpr PassphraseParameters quick{.memory_kib = 64 * 1024, .passes = 1, .lanes = 1};
constexpr std::string_view plain = "secrets";

constexpr std::string_view golden =
    "4f574c5001010000000001000100000001000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "8a4e3a79de025800bf1162782ef36d13fe0549d9bd6f1c4bc6e6ce07639234d2d3121ae8502fe09937b24c7fe69ea084c52650263082b8";

Bytes with_u32(std::size_t at, std::uint32_t value) {
  Bytes wrapped = hex(golden);
  for (std::size_t i = 0; i < 4; ++i) wrapped[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  return wrapped;
}

TEST(PassphraseWrap, IsTheDocumentedBytes) {
  CountingRandom random;
  EXPECT_EQ(to_hex(wrap_passphrase(Secret("correct horse"), as_bytes(plain), random, quick)), golden);
  EXPECT_EQ(as_text(unwrap_passphrase(Secret("correct horse"), hex(golden))), plain);
}

TEST(PassphraseWrap, AWrongPassphraseIsToldFromDamage) {
  const auto wrong = error_of([] { (void)unwrap_passphrase(Secret("correct hors"), hex(golden)); });
  EXPECT_EQ(wrong.kind(), ErrorKind::no_key);
  EXPECT_EQ(wrong.message(), "the passphrase is wrong");
  Bytes damaged = hex(golden);
  damaged.back() ^= 1;
  const auto broken = error_of([&] { (void)unwrap_passphrase(Secret("correct horse"), damaged); });
  EXPECT_EQ(broken.kind(), ErrorKind::integrity);
}

TEST(PassphraseWrap, RefusesParametersThatAreTooWeakOrTooMuch) {
  constexpr std::size_t memory = 8, passes = 12, lanes = 16;
  for (const auto& wrapped :
       {with_u32(memory, 64 * 1024 - 1), with_u32(memory, 4 * 1024 * 1024 + 1), with_u32(memory, 0),
        with_u32(passes, 0), with_u32(passes, 65), with_u32(lanes, 0), with_u32(lanes, 65)}) {
    const auto header = parse_passphrase_header(wrapped);
    ASSERT_FALSE(header);
    EXPECT_THAT(header.error().message(), testing::HasSubstr("parameters of a passphrase wrap are refused"));
  }
  for (const auto& wrapped : {with_u32(memory, 4 * 1024 * 1024), with_u32(passes, 64), with_u32(lanes, 64)}) {
    EXPECT_TRUE(parse_passphrase_header(wrapped));
  }
}

TEST(PassphraseWrap, DoesNotWriteWhatItWouldNotRead) {
  CountingRandom random;
  const auto wrap = [&](std::string passphrase, PassphraseParameters parameters) {
    return error_of([&] { (void)wrap_passphrase(Secret(std::move(passphrase)), {}, random, parameters); }).kind();
  };
  EXPECT_EQ(wrap("", quick), ErrorKind::config);
  EXPECT_EQ(wrap("x", {.memory_kib = 1024}), ErrorKind::config);
}

TEST(PassphraseWrap, ALaterVersionIsUnsupported) {
  Bytes wrapped = hex(golden);
  wrapped[4] = 2;
  EXPECT_EQ(parse_passphrase_header(wrapped).error().kind(), ErrorKind::unsupported);
}

/// The root that Argon2id would give, but quick: another one for each salt and each set of parameters.
SecretKey stand_in_root(const PassphraseHeader& header) {
  Bytes input = to_bytes(header.salt);
  for (const auto value : {header.parameters.memory_kib, header.parameters.passes, header.parameters.lanes}) {
    append(input, as_bytes(std::to_string(value) + ","));
  }
  return SecretKey(codec::sha256(input));
}

Bytes unwrap_quickly(ByteView wrapped) {
  const auto header = value_or_throw(parse_passphrase_header(wrapped));
  return unwrap_with_root(stand_in_root(header), wrapped);
}

Bytes wrap_quickly() {
  const auto salt = counting<32>(0);
  return wrap_with_root(stand_in_root({quick, salt, {}}), quick, salt, as_bytes(plain));
}

TEST(PassphraseWrap, EveryFlippedBitIsAnError) {
  EXPECT_EQ(as_text(unwrap_quickly(wrap_quickly())), plain);
  for_each_flipped_bit(wrap_quickly(), [](const Bytes& damaged, const std::string& what) {
    SCOPED_TRACE(what);
    const auto kind = error_of([&] { (void)unwrap_quickly(damaged); }).kind();
    EXPECT_TRUE(kind == ErrorKind::no_key || kind == ErrorKind::integrity || kind == ErrorKind::unsupported);
  });
}

TEST(PassphraseWrap, EveryTruncationIsAnError) {
  for_each_truncation(wrap_quickly(), [](const Bytes& cut, const std::string& what) {
    EXPECT_EQ(error_of([&] { (void)unwrap_quickly(cut); }).kind(), ErrorKind::integrity) << what;
  });
}

}  // namespace
}  // namespace owl::crypto
