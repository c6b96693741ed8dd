#include "crypto/payload_seal.h"

#include "base/units.h"
#include "codec/hash.h"
#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

constexpr std::string_view path = "wal/1/2";

SealedPayload seal(ByteView plain) {
  CountingRandom random;
  return seal_payload(test_host_keys(), path, plain, random);
}

Bytes open(const ByteArray<32>& encapsulated_key, ByteView frames, std::string_view at = path) {
  const std::vector<EpochSecrets> secrets{test_secrets(2), test_secrets()};
  return open_payload(secrets, 1, encapsulated_key, at, frames);
}

ErrorKind kind_of_opening(const ByteArray<32>& encapsulated_key, ByteView frames, std::string_view at = path) {
  return error_of([&] { (void)open(encapsulated_key, frames, at); }).kind();
}

TEST(PayloadSeal, IsTheDocumentedBytes) {
  const auto payload = seal(as_bytes("segment"));
  EXPECT_EQ(to_hex(payload.encapsulated_key), "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f");
  EXPECT_EQ(to_hex(payload.frames), "1f9482f230198643d153051c8c35458c4b7e330b02b3b3");
  EXPECT_EQ(to_hex(codec::sha256(seal(sample(2 * MiB + 5)).frames)),
            "afa0c20dc36b4b5886d854a8dcf890dcdc925e163cd9666a56ed0d9283537b09");
}

TEST(PayloadSeal, ComesBackAtEverySize) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, MiB, MiB + 1, 16 * MiB}) {
    const Bytes plain = sample(size);
    const auto payload = seal(plain);
    EXPECT_EQ(payload.frames.size(), sealed_payload_size(size));
    EXPECT_EQ(open(payload.encapsulated_key, payload.frames), plain) << size;
  }
}

TEST(PayloadSeal, OpensAtItsOwnPathOnly) {
  const auto payload = seal(as_bytes("segment"));
  const auto error = error_of([&] { (void)open(payload.encapsulated_key, payload.frames, "wal/1/3"); });
  EXPECT_EQ(error.kind(), ErrorKind::integrity);
  EXPECT_STREQ(error.what(), "wal/1/3: the payload is damaged, or was sealed for another place");
}

TEST(PayloadSeal, NeedsTheEpochsSecrets) {
  const auto payload = seal(as_bytes("segment"));
  const std::vector<EpochSecrets> other{test_secrets(2)};
  const auto error = error_of([&] { (void)open_payload(other, 1, payload.encapsulated_key, path, payload.frames); });
  EXPECT_EQ(error.kind(), ErrorKind::no_key);
  EXPECT_STREQ(error.what(), "wal/1/2: the secrets of epoch 1 are not at hand");
}

TEST(PayloadSeal, EveryFlippedBitAndEveryTruncationIsAnError) {
  const auto payload = seal(as_bytes("segment"));
  const auto refused = [&](const Bytes& damaged, const std::string& what) {
    EXPECT_EQ(kind_of_opening(payload.encapsulated_key, damaged), ErrorKind::integrity) << what;
  };
  for_each_flipped_bit(payload.frames, refused);
  for_each_truncation(payload.frames, refused);
}

TEST(PayloadSeal, EveryFlippedBitOfTheEncapsulatedKeyIsAnError) {
  // RFC 7748 masks the top bit of a point, but HPKE hashes what was sent.
  const auto payload = seal(as_bytes("segment"));
  for_each_flipped_bit(to_bytes(payload.encapsulated_key), [&](const Bytes& damaged, const std::string& what) {
    ByteArray<32> key{};
    std::ranges::copy(damaged, key.begin());
    EXPECT_EQ(kind_of_opening(key, payload.frames), ErrorKind::integrity) << what;
  });
}

TEST(PayloadSeal, FramesCannotBeCutOffOrAdded) {
  constexpr std::ptrdiff_t frame = MiB + 16;
  const auto payload = seal(sample(2 * MiB));
  const auto& frames = payload.frames;
  EXPECT_EQ(kind_of_opening(payload.encapsulated_key, Bytes(frames.begin(), frames.begin() + frame)),
            ErrorKind::integrity);
  Bytes longer = frames;
  longer.insert(longer.end(), frames.begin() + frame, frames.end());
  EXPECT_EQ(kind_of_opening(payload.encapsulated_key, longer), ErrorKind::integrity);
}

}  // namespace
}  // namespace owl::crypto
