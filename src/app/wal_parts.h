#pragma once

#include "app/invocation.h"
#include "wal/archiver.h"
#include "wal/stream.h"

namespace owl::app {

/// What `wal serve` and `wal stream` have in common, out of the configuration.
wal::ArchiverOptions archiver_options(Invocation& in);
wal::StreamOptions stream_options(Invocation& in);

}  // namespace owl::app
