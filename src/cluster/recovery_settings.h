#pragma once

#include <string>
#include <string_view>

#include "cluster/restore_target.h"
#include "postgres/types.h"

namespace owl::cluster {

/// 'it''s': a value as postgresql.conf takes it.
std::string quote_setting(std::string_view value);

/// A word of a command that the server runs by the shell: quoted where the shell would take it apart, and every %
/// doubled, as PostgreSQL replaces %f and %p.
std::string command_word(std::string_view word);

struct RecoveryCommands {
  std::string restore;  ///< restore_command
  std::string end;      ///< recovery_end_command, which runs when the server promotes; empty: none
};
/// The settings that make a server recover to the target, one a line. The timeline is always named: "latest" could
/// follow a timeline that was archived since the restore was planned.
std::string recovery_settings(const RestoreTarget& target, postgres::TimelineId timeline,
                              const RecoveryCommands& commands);

/// The restored postgresql.auto.conf without the recovery settings of an earlier restore, and with these behind.
std::string merge_auto_conf(std::string_view restored, std::string_view settings);

}  // namespace owl::cluster
