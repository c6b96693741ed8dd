#include "crypto/openpgp_packets.h"

#include "crypto/test_support.h"
#include "crypto/wrap.h"

namespace owl::crypto {
namespace {

using testing::ElementsAre;

Bytes with_body(std::string_view header, std::size_t body) {
  Bytes packet = hex(header);
  packet.resize(packet.size() + body, 0xaa);
  return packet;
}
Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) append(all, part);
  return all;
}

/// A session key for key 0123456789ABCDEF, then protected data: what we write.
Bytes small_message() {
  return hex("840c030123456789abcdef12aabbd20301eeff");
}

std::vector<int> tags(ByteView message) {
  return value_or_throw(openpgp_packet_tags(message));
}

TEST(OpenPgpPacketTags, ReadsAllFormsOfLength) {
  EXPECT_THAT(tags(small_message()), ElementsAre(1, 18));
  EXPECT_THAT(tags(with_body("8401", 1)), ElementsAre(1));            // old, one byte
  EXPECT_THAT(tags(with_body("850101", 257)), ElementsAre(1));        // old, two bytes
  EXPECT_THAT(tags(with_body("8600010000", 65536)), ElementsAre(1));  // old, four bytes
  EXPECT_THAT(tags(with_body("a7", 100)), ElementsAre(9));            // old, to the end
  EXPECT_THAT(tags(with_body("d2bf", 191)), ElementsAre(18));         // new, one byte
  EXPECT_THAT(tags(with_body("d2c000", 192)), ElementsAre(18));       // new, two bytes
  EXPECT_THAT(tags(with_body("d2dfff", 8383)), ElementsAre(18));
  EXPECT_THAT(tags(with_body("d2ff00010000", 65536)), ElementsAre(18));  // new, four bytes
}

TEST(OpenPgpPacketTags, SkipsBodiesInPartialLengths) {
  const Bytes partial = joined({with_body("d2e9", 512), with_body("e0", 1), with_body("05", 5), hex("d400")});
  EXPECT_THAT(tags(partial), ElementsAre(18, 20));
}

TEST(OpenPgpPacketTags, RefusesWhatIsNoBinaryMessage) {
  for (const auto* text : {"", "-----BEGIN PGP MESSAGE-----", "{\"format\":1}"}) {
    EXPECT_FALSE(openpgp_packet_tags(as_bytes(text))) << text;
  }
  EXPECT_FALSE(openpgp_packet_tags(hex("80")));    // tag 0
  EXPECT_FALSE(openpgp_packet_tags(hex("d2e9")));  // a part that is not there
}

TEST(OpenPgpPacketTags, EveryTruncationIsAnErrorOrAWholePacketLess) {
  const std::size_t first_packet = 14;
  for_each_truncation(small_message(), [&](const Bytes& cut, const std::string& what) {
    const auto found = openpgp_packet_tags(cut);
    EXPECT_EQ(found.has_value(), cut.size() == first_packet) << what;
  });
}

TEST(OpenPgpPacketTags, AFlippedBitNeverReadsBeyondTheEnd) {
  for_each_flipped_bit(small_message(), [](const Bytes& damaged, const std::string&) {
    const auto found = openpgp_packet_tags(damaged);
    if (found) {
      EXPECT_LE(found->size(), damaged.size());
    }
    EXPECT_LE(openpgp_key_ids(damaged).size(), damaged.size());
  });
}

TEST(OpenPgpKeyIds, NamesWhoCanOpenIt) {
  EXPECT_THAT(openpgp_key_ids(small_message()), ElementsAre("0123456789ABCDEF"));
  EXPECT_THAT(openpgp_key_ids(hex("840a030000000000000001ff")), ElementsAre("0000000000000001"));
  EXPECT_TRUE(openpgp_key_ids(hex("840403aabbcc")).empty());              // too short to name one
  EXPECT_TRUE(openpgp_key_ids(hex("840a060000000000000001ff")).empty());  // a later version, which says it otherwise
  EXPECT_TRUE(openpgp_key_ids(as_bytes("no message")).empty());
}

}  // namespace
}  // namespace owl::crypto
