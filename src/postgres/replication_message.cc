#include "postgres/replication_message.h"

#include <fmt/core.h>

namespace owl::postgres {
namespace {

constexpr std::size_t wal_head = 1 + 3 * 8, keepalive_size = 1 + 2 * 8 + 1;

/// The protocol's integers are in network order.
std::uint64_t network_u64(ByteView bytes) {
  std::uint64_t value = 0;
  for (const auto byte : bytes.first(8)) value = value << 8 | byte;
  return value;
}

void put_network_u64(Bytes& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

Timestamp time_at(ByteView bytes) {
  // Wraps around rather than overflows: a time that can't be is somebody's mistake, not ours.
  return {static_cast<std::int64_t>(network_u64(bytes) + static_cast<std::uint64_t>(postgres_epoch_micros))};
}

}  // namespace

Result<ReplicationMessage> parse_replication_message(ByteView message) {
  if (message.empty()) return bad_format("an empty replication message");
  if (message[0] == 'w') {
    if (message.size() < wal_head) return bad_format("a WAL message of the replication protocol is cut short");
    return WalDataMessage{{network_u64(message.subspan(1))},
                          {network_u64(message.subspan(9))},
                          time_at(message.subspan(17)),
                          message.subspan(wal_head)};
  }
  if (message[0] == 'k') {
    if (message.size() != keepalive_size) return bad_format("a keepalive of the replication protocol has a wrong size");
    return KeepaliveMessage{{network_u64(message.subspan(1))}, time_at(message.subspan(9)), message[17] != 0};
  }
  return bad_format(fmt::format("a replication message of the unknown type {}", message[0]));
}

Bytes to_message(const StandbyStatus& status) {
  Bytes out{'r'};
  for (const auto lsn : {status.written, status.flushed, status.applied}) put_network_u64(out, lsn.value);
  put_network_u64(out, static_cast<std::uint64_t>(status.now.micros - postgres_epoch_micros));
  out.push_back(status.reply_requested ? 1 : 0);
  return out;
}

}  // namespace owl::postgres
