#include "postgres/replication_message.h"

#include <gtest/gtest.h>

namespace owl::postgres {
namespace {

Bytes network(std::uint64_t value) {
  Bytes out;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
  return out;
}

Bytes message(char type, std::initializer_list<std::uint64_t> numbers, std::string_view rest) {
  Bytes out{static_cast<std::uint8_t>(type)};
  for (const auto number : numbers) append(out, network(number));
  append(out, as_bytes(rest));
  return out;
}

TEST(ReplicationMessage, OfWalTellsItsPlaceAndTime) {
  const auto bytes = message('w', {0x3000000, 0x3000800, 1'000'000}, "some WAL");
  const auto parsed = value_or_throw(parse_replication_message(bytes));
  const auto& wal = std::get<WalDataMessage>(parsed);
  EXPECT_EQ(wal.start, Lsn{0x3000000});
  EXPECT_EQ(wal.server_end, Lsn{0x3000800});
  EXPECT_EQ(to_iso(wal.sent), "2000-01-01T00:00:01Z");
  EXPECT_EQ(as_text(wal.wal), "some WAL");
}

TEST(ReplicationMessage, OfLifeTellsWhetherAnAnswerIsWanted) {
  for (const bool wanted : {false, true}) {
    const auto bytes = message('k', {0x42, 0}, std::string_view(wanted ? "\1" : "\0", 1));
    const auto parsed = value_or_throw(parse_replication_message(bytes));
    EXPECT_EQ(std::get<KeepaliveMessage>(parsed).server_end, Lsn{0x42});
    EXPECT_EQ(std::get<KeepaliveMessage>(parsed).reply_requested, wanted);
  }
}

TEST(ReplicationMessage, OfAnotherKindOrLengthIsRefused) {
  EXPECT_FALSE(parse_replication_message({}));
  EXPECT_FALSE(parse_replication_message(message('w', {1, 2}, "1234567")));
  EXPECT_TRUE(parse_replication_message(message('w', {1, 2, 3}, "")));
  EXPECT_FALSE(parse_replication_message(message('k', {1, 2}, "")));
  EXPECT_FALSE(parse_replication_message(message('k', {1, 2}, "ab")));
  EXPECT_FALSE(parse_replication_message(message('r', {1, 2, 3}, "a")));
}

TEST(StandbyStatus, IsWrittenAsTheServerReadsIt) {
  const auto bytes = to_message({{1}, {0x200000003}, {4}, {postgres_epoch_micros + 5}, true});
  EXPECT_EQ(bytes, message('r', {1, 0x200000003, 4, 5}, "\1"));
}

}  // namespace
}  // namespace owl::postgres
