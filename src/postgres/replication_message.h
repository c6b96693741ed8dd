#pragma once

#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "postgres/types.h"

namespace owl::postgres {

/// XLogData, 'w': a piece of WAL as it lies in the files (protocol-replication).
struct WalDataMessage {
  Lsn start;       ///< of the first byte of `wal`
  Lsn server_end;  ///< how far the server is
  Timestamp sent;
  ByteView wal;  ///< points into the message
};
/// Primary keepalive, 'k'.
struct KeepaliveMessage {
  Lsn server_end;
  Timestamp sent;
  bool reply_requested = false;  ///< the server hangs up on who doesn't answer soon
};
using ReplicationMessage = std::variant<WalDataMessage, KeepaliveMessage>;
/// What the server sends inside COPY BOTH. Fails on any other message.
Result<ReplicationMessage> parse_replication_message(ByteView message);

/// Standby status update, 'r': how far the receiver is.
struct StandbyStatus {
  Lsn written;  ///< received
  Lsn flushed;  ///< durable: the server may let go of what lies before
  Lsn applied;
  Timestamp now;
  bool reply_requested = false;
};
Bytes to_message(const StandbyStatus& status);

}  // namespace owl::postgres
