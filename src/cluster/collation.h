#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/details.h"
#include "observe/monitor.h"
#include "postgres/connection.h"
#include "postgres/server_process.h"

namespace owl::cluster {

/// Lists, in one database, the indexes that are sorted by the C library's collations.
extern const std::string_view indexes_by_libc_collations;

/// Another version of the C library may sort text in another way than the one that built the indexes: searches then
/// miss rows, and unique indexes take doubles. What to say of it on a host with the version `here`; nullopt: it is the
/// same.
std::optional<std::string> collation_warning(const ClusterDetails& details, std::string_view here);

/// What a running server knows better, of one of its databases: collations of the C library and of ICU, and from 15 on
/// the database's own, that were recorded in another version than this host has, each with the indexes that it sorts.
/// Empty: none.
std::vector<std::string> outdated_collations(postgres::Connection& database);
/// Asks every database that takes connections, and warns of what it finds. A database that can't be asked is a note.
void warn_of_outdated_collations(const postgres::ServerProcess& server, Monitor& monitor);

}  // namespace owl::cluster
