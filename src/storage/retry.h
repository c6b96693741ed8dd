#pragma once

#include "base/clock.h"
#include "storage/backoff.h"
#include "storage/meter.h"
#include "storage/object_store.h"

namespace owl::storage {

struct RetryOptions {
  int retries = 8;  ///< after the first try
  BackoffOptions backoff = {};
};

/// Wraps a store so that what failed in a way that can pass (Error::retryable) is tried again, after a wait. Each try
/// goes through the inner store, which signs anew. Retries are counted in `meter`, if there is one, as requests of
/// their class too.
///
/// `put_once` is the exception: it is NOT repeated here. After a timeout, a cut connection, a 429 or a 5xx the object
/// may stand there, and then a repetition meets "already exists" and nobody could tell whose it is. `create` in
/// write_once.h repeats it, because its callers' objects begin with a random salt that answers that very question;
/// nothing else may.
///
/// A listing that breaks off goes on behind the last key that was delivered, so that each comes once.
StorePtr with_retry(StorePtr inner, RetryOptions options, Clock& clock, Random& random,
                    std::shared_ptr<Meter> meter = {});

}  // namespace owl::storage
