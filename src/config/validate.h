#pragma once

#include "config/entries.h"
#include "config/settings.h"

namespace owl::config {

/// What only the whole can tell: a store, URLs that differ, recipients that fit the mode, credentials in pairs, no
/// plain http, as many stores as must acknowledge. `entries` says where things were set. Throws Error(config).
void validate(const Settings& settings, const Entries& entries);

}  // namespace owl::config
