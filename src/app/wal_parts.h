#pragma once

#include "app/invocation.h"
#include "wal/archiver.h"
#include "wal/stream.h"

namespace owl::app {

/// As Invocation::checked_keys, for a service: a store that can't be used now is told of and kept, for it may come back
/// in a minute. Another repository is an Error.
const crypto::HostKeys& service_keys(Invocation& in);
/// What `wal serve` and `wal stream` have in common, out of the configuration.
wal::ArchiverOptions archiver_options(Invocation& in);
wal::StreamOptions stream_options(Invocation& in);

}  // namespace owl::app
