#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/object_store.h"

namespace owl::storage {

/// Faults on purpose, for tests. A specification is a list of items, separated by commas:
///
///     kill@N         the process kills itself (SIGKILL) before operation N
///     kill+@N        … after it: what it did stands
///     fail@N:KIND    operation N is not carried out and fails with an error of that kind (transient, throttled,
///                    unreachable, timeout, denied, disk_full, …: the names of ErrorKind)
///     cut@N          operation N is carried out, and then fails as if the connection had been cut: ambiguous
///     late@N         as fail@N:timeout, but a put_once is carried out after all, right before operation N+2
///     lie@N          flips a bit in the middle of what a get or get_range returns
///     short@N        returns only the first half of it
///     slow:TIME      each operation takes that much longer (50ms, 2s); slow@N:TIME only one
///     seed=S         for the items with %
///     count=PATH     writes the number of operations so far to a file, anew with each, so that a test can find out how
///                    many there are and then break each in turn
///
/// In place of N, a prefix of keys that ends in '/' means each put_once below it: "kill@backups/" kills before a
/// commit.
///
/// Every call to the store is an operation, of whatever kind and outcome, numbered from 1 in the order of their
/// beginning. In place of @N, %P gives each operation a chance of P in a hundred: "fail%10:throttled,seed=7". Items
/// that make no sense for an operation (lie on a put_once) do nothing.
struct FaultSpec {
  enum class Action { kill_before, kill_after, fail, cut, late, lie, shorten, slow };
  struct Item {
    Action action{};
    std::optional<std::uint64_t> number = {};  ///< @N
    std::string put_prefix = {};               ///< @PREFIX/
    std::optional<unsigned> percent = {};      ///< %P; none of the three: always
    ErrorKind kind = ErrorKind::transient;     ///< fail
    std::chrono::milliseconds delay{0};        ///< slow
  };
  std::vector<Item> items;
  std::uint64_t seed = 1;
  std::string count_path;
};

Result<FaultSpec> parse_fault_spec(std::string_view text);

/// Wraps a store so that the faults happen. Thread-safe.
StorePtr with_faults(StorePtr inner, FaultSpec spec, Clock& clock);

}  // namespace owl::storage
