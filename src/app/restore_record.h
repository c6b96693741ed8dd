#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/invocation.h"
#include "cluster/recovery_plan.h"
#include "wal/recovery_ticket.h"

namespace owl::app {

/// What this host remembers of a restore until its recovery has ended: no secrets, so that an agent can be started
/// again after a reboot by whoever holds the private key.
struct RestoreRecord : wal::ServedWal {
  std::string id;  ///< 8 hex digits
  std::filesystem::path data_directory, socket, ticket;
  std::uint32_t owner_uid = 0, owner_gid = 0;
};
Bytes serialize(const RestoreRecord& record);  ///< JSON
Result<RestoreRecord> parse_restore_record(ByteView bytes);

RestoreRecord make_record(Invocation& in, const std::filesystem::path& data_directory,
                          const cluster::RecoveryPlan& plan, std::optional<std::string> owner);
void save_record(Invocation& in, const RestoreRecord& record);
/// nullopt: no restore into this directory is remembered.
std::optional<RestoreRecord> find_record(Invocation& in, const std::filesystem::path& data_directory);
void remove_record(Invocation& in, const RestoreRecord& record);

wal::RecoveryTicket make_ticket(Invocation& in, const RestoreRecord& record, const Invocation::Secrets& secrets);

/// Starts the agent as a process of its own that outlives this one; returns once it listens.
void start_agent(Invocation& in, const RestoreRecord& record, const wal::RecoveryTicket& ticket);
/// `restore agent`: becomes the agent. The ticket comes on stdin, or is made with the private key.
int run_agent(Invocation& in, const std::filesystem::path& data_directory, bool ticket_on_stdin);
/// Stops the agent, removes ticket and record.
void finish_restore(Invocation& in, const RestoreRecord& record);
/// `restore finish`: stops the agent, removes ticket and record.
int run_finish(Invocation& in, const std::filesystem::path& data_directory);

}  // namespace owl::app
