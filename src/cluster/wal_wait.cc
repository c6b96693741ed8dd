#include "cluster/wal_wait.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/units.h"
#include "concurrency/guarded.h"
#include "concurrency/task_group.h"
#include "repository/object_keys.h"

namespace owl::cluster {
namespace {

// A segment is on its way in a few hundredths of a second, as a rule: a long first pause would be most of the wait.
constexpr std::chrono::milliseconds first_pause{20}, longest_pause{2000};
constexpr std::chrono::seconds grace_for_others{20};

std::optional<std::string> first_missing(const NeededWal& need, storage::ObjectStore& store, std::stop_token stop) {
  const auto system = std::to_string(need.system_id);
  for (const auto& name : needed_segments(need)) {
    if (!store.stat(repository::keys::wal_object(system, name), stop)) return name;
  }
  return std::nullopt;
}

/// How far each store is at one look.
struct Look {
  std::size_t complete = 0, incomplete = 0;
  std::string missing;
};
Look look_at(const NeededWal& need, repository::StoreSet& stores, std::stop_token stop) {
  Guarded<Look> look;
  stores.on_each([&](repository::StoreSet::Member& member) {
    const auto missing = first_missing(need, *member.store, stop);
    auto locked = look.lock();
    if (missing) locked->missing = *missing;
    ++(missing ? locked->incomplete : locked->complete);
  });
  return *look.lock();
}

}  // namespace

std::vector<std::string> needed_segments(const NeededWal& need) {
  std::vector<std::string> names;
  // The stop LSN is the first byte after the backup's last record: at a border, the segment before it is the last
  // needed.
  const std::uint64_t last = (std::max(need.stop.value, need.start.value + 1) - 1) / need.segment_size;
  for (std::uint64_t number = need.start.value / need.segment_size; number <= last; ++number) {
    names.push_back(postgres::to_file_name({need.timeline, number}, need.segment_size));
  }
  return names;
}

void wait_for_wal(const NeededWal& need, repository::StoreSet& stores, std::chrono::milliseconds deadline,
                  const std::function<std::string()>& why, Clock& clock, Monitor& monitor, std::stop_token stop) {
  monitor.phase("waiting for WAL", 0, "segments");
  const auto begin = clock.monotonic();
  std::optional<std::chrono::nanoseconds> first_complete;
  for (auto pause = first_pause;; pause = std::min(pause * 3 / 2, longest_pause)) {
    throw_if_stopped(stop);
    const auto look = look_at(need, stores, stop);
    if (look.incomplete == 0) return;
    const auto now = clock.monotonic();
    if (look.complete > 0 && !first_complete) first_complete = now;
    if (first_complete && now - *first_complete > grace_for_others) return;  // the others' commit is left to sync
    if (!first_complete && now - begin > deadline) {
      throw Error(ErrorKind::timeout,
                  fmt::format("WAL segment {}, which this backup needs, was not archived within {}: {}", look.missing,
                              format_duration(deadline), why()))
          .with_hint(
              "Look at archive_command and at the server's log; the backup was not committed. `owlbackup doctor` "
              "checks both.");
    }
    clock.sleep(pause, stop);
  }
}

void require_wal(const NeededWal& need, repository::StoreSet::Member& store, std::stop_token stop) {
  if (const auto missing = first_missing(need, *store.store, stop)) {
    throw Error(ErrorKind::not_found, fmt::format("WAL segment {} is not in store {}", *missing, store.name));
  }
}

}  // namespace owl::cluster
