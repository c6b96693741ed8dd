#include "crypto/sealed_object.h"

#include "base/units.h"
#include "codec/hash.h"
#include "crypto/test_support.h"

namespace owl::crypto {
namespace {

constexpr std::string_view path = "leases/x.000001";

Bytes seal(ByteView plain, ObjectType type = ObjectType::lease, std::string_view at = path) {
  CountingRandom random;
  const auto keys = test_host_keys();
  return seal_object(keys.current(), keys.repository, type, at, plain, random);
}

Bytes open(ByteView object, ObjectType type = ObjectType::lease, std::string_view at = path) {
  return open_object(test_host_keys(), type, at, object);
}

ErrorKind kind_of_opening(ByteView object, ObjectType type = ObjectType::lease, std::string_view at = path) {
  return error_of([&] { (void)open(object, type, at); }).kind();
}

TEST(SealedObject, IsTheDocumentedBytes) {
  EXPECT_EQ(
      to_hex(seal(as_bytes("hello"))),
      "4f574c4d010600000100000000000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "4e6f9f6b88154d9601aef4fb5ca3eafe5313c89ed16b462cb58b7e80f532a5ff4570af5275818941ffbbdd6bb98e018dc2c5df9855");
  EXPECT_EQ(to_hex(codec::sha256(seal(sample(2 * MiB + 5), ObjectType::manifest, "backups/x"))),
            "3efed29f217866b03bceb406c9e6a8ea3f7afa1691f6ff7ebbc6a1642369b066");
}

TEST(SealedObject, ComesBackAtEverySize) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, MiB - 1, MiB, MiB + 1, 3 * MiB}) {
    const Bytes plain = sample(size), object = seal(plain);
    EXPECT_EQ(object.size(), sealed_size(size));
    EXPECT_EQ(open(object), plain) << size;
  }
}

TEST(SealedObject, TellsWhatItIsWithoutAKey) {
  const auto header = value_or_throw(parse_sealed_header(seal(as_bytes("hello"))));
  EXPECT_EQ(header.type, ObjectType::lease);
  EXPECT_EQ(header.epoch, 1);
  EXPECT_EQ(header.salt, counting<32>(0));
}

TEST(SealedObject, OpensAtItsOwnPlaceOnly) {
  const Bytes object = seal(as_bytes("hello"));
  EXPECT_EQ(kind_of_opening(object, ObjectType::lease, "leases/y.000001"), ErrorKind::integrity);
  EXPECT_EQ(kind_of_opening(object, ObjectType::lease, ""), ErrorKind::integrity);
  const auto wrong_type = error_of([&] { (void)open(object, ObjectType::manifest); });
  EXPECT_EQ(wrong_type.message(), "leases/x.000001: holds a lease, not a manifest");
  EXPECT_EQ(wrong_type.kind(), ErrorKind::integrity);
}

TEST(SealedObject, AnotherTypeInTheHeaderDoesNotHelp) {
  Bytes object = seal(as_bytes("hello"));
  object[5] = static_cast<std::uint8_t>(ObjectType::manifest);
  EXPECT_EQ(kind_of_opening(object, ObjectType::manifest), ErrorKind::integrity);
}

TEST(SealedObject, BelongsToItsRepositoryAndEpoch) {
  const Bytes object = seal(as_bytes("hello"));
  auto elsewhere = test_host_keys();
  elsewhere.repository = counting<16>(0x11);
  EXPECT_EQ(error_of([&] { (void)open_object(elsewhere, ObjectType::lease, path, object); }).kind(),
            ErrorKind::integrity);
  const auto error = error_of([&] { (void)open_object(test_host_keys(2), ObjectType::lease, path, object); });
  EXPECT_EQ(error.kind(), ErrorKind::no_key);
  EXPECT_EQ(error.message(), "leases/x.000001 is sealed under epoch 1, of which the key file knows nothing");
}

TEST(SealedObject, EveryFlippedBitIsAnError) {
  for_each_flipped_bit(seal(as_bytes("hello")), [](const Bytes& damaged, const std::string& what) {
    SCOPED_TRACE(what);
    const auto kind = kind_of_opening(damaged);
    EXPECT_TRUE(kind == ErrorKind::integrity || kind == ErrorKind::unsupported || kind == ErrorKind::no_key);
  });
}

TEST(SealedObject, EveryTruncationIsAnError) {
  for_each_truncation(seal(as_bytes("hello")), [](const Bytes& cut, const std::string& what) {
    SCOPED_TRACE(what);
    EXPECT_EQ(kind_of_opening(cut), ErrorKind::integrity);
  });
}

/// Frames of a big object moved about: the order and the end are sealed, too.
TEST(SealedObject, FramesCannotBeMovedOrLost) {
  constexpr std::size_t frame = MiB + 16;
  const Bytes object = seal(sample(3 * MiB));
  const auto at = [&](std::size_t number) {
    return object.begin() + static_cast<std::ptrdiff_t>(sealed_header_size + number * frame);
  };
  Bytes swapped = object;
  std::swap_ranges(swapped.begin() + (at(0) - object.begin()), swapped.begin() + (at(1) - object.begin()),
                   swapped.begin() + (at(1) - object.begin()));
  EXPECT_EQ(kind_of_opening(swapped), ErrorKind::integrity);
  EXPECT_EQ(kind_of_opening(Bytes(object.begin(), at(2))), ErrorKind::integrity);
  Bytes without_second(object.begin(), at(1));
  without_second.insert(without_second.end(), at(2), object.end());
  EXPECT_EQ(kind_of_opening(without_second), ErrorKind::integrity);
  Bytes repeated = object;
  repeated.insert(repeated.end(), at(2), object.end());
  EXPECT_EQ(kind_of_opening(repeated), ErrorKind::integrity);
}

TEST(SealedObject, SaysWhyAHeaderIsRefused) {
  const auto message = [](ByteView object) { return parse_sealed_header(object).error().message(); };
  Bytes object = seal({});
  EXPECT_EQ(message(ByteView(object).first(79)), "the header of a sealed object is cut short or malformed at byte 48");
  object[4] = 2;
  EXPECT_EQ(message(object), "a sealed object of version 2");
  object[0] = 'X';
  EXPECT_EQ(message(object), "not a sealed object: it does not start with OWLM");
}

}  // namespace
}  // namespace owl::crypto
