#pragma once

#include <string>
#include <vector>

#include "app/doctor_checks.h"
#include "app/invocation.h"
#include "postgres/connection.h"

namespace owl::app {

/// What streaming WAL needs of the server: the role's rights, a line in pg_hba.conf, free walsenders and slots, a slot
/// that still keeps WAL, and that commits don't wait for the stream. Empty where nothing is streamed: wal.stream is off
/// and the slot isn't there.
std::vector<Finding> examine_streaming(Invocation& in, postgres::Connection& connection);

}  // namespace owl::app
