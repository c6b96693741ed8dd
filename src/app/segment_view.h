#pragma once

#include <string>

#include "app/output.h"
#include "wal/wal_object.h"

namespace owl::app {

/// What a stored WAL file holds, without its private key: for scripts, and for people.
codec::Json to_json(const wal::WalInfo& info);
void say_segment(Output& out, const wal::WalInfo& info);

/// "Heap2", as pg_waldump calls it; "custom 130" of an extension.
std::string resource_manager_name(std::uint8_t id);

}  // namespace owl::app
