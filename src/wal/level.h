#pragma once

#include <stop_token>
#include <string>

#include "crypto/keys.h"
#include "observe/monitor.h"
#include "repository/stores.h"
#include "wal/archiver.h"

namespace owl::wal {

enum class LevelOutcome {
  copied,     ///< it is there now
  was_there,  ///< the same bytes stood there
  nowhere,    ///< no other store has it (yet)
};
/// Copies one archived file from another store into this one, as it is sealed: from pg_wal it must never be read a
/// second time, since PostgreSQL may have recycled it under another name. What is copied was authenticated first.
/// Throws Error(conflict) where other bytes stand in its place, and what the stores throw.
LevelOutcome level_file(repository::StoreSet::Member& to, std::vector<repository::StoreSet::Member> others,
                        const crypto::HostKeys& keys, const std::string& object_key, std::stop_token stop);

/// Brings stores that answer again level with the others, for the files that their lanes missed; what they missed
/// before this process ran ArchiveWatch tells them. Returns how many are level now.
std::size_t level_missed(Archiver& archiver, postgres::SystemId system_id, const crypto::HostKeys& keys,
                         Monitor& monitor, std::stop_token stop);

/// Brings what lies in the spool to every store, and takes it out of the spool once it is in all of them. Returns how
/// many are.
std::size_t drain_spool(Archiver& archiver, const crypto::HostKeys& keys, Monitor& monitor, std::stop_token stop);

}  // namespace owl::wal
