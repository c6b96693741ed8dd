#include "repository/dead_runs.h"

#include <algorithm>

#include "os/process.h"
#include "os/system.h"

namespace owl::repository {
namespace {

enum class Fate { not_ours, alive, dead };

bool process_is_gone(const LeaseBody& body) {
  return body.host == os::host_name() && !os::process_alive(static_cast<int>(body.process));
}

Fate fate_of(const FoundLease& lease, const crypto::WriterId& writer, Timestamp now) {
  if (!lease.readable || lease.body.writer != writer || lease.body.manifest_key.empty()) return Fate::not_ours;
  const bool dead = lease.ended || lease.body.expires < now || process_is_gone(lease.body);
  return dead ? Fate::dead : Fate::alive;
}

bool is_committed_anywhere(const std::vector<StoreView>& views, const RandomId& lease) {
  return std::ranges::any_of(views, [&](const StoreView& view) {
    return std::ranges::find(view.manifests, lease, [](const ListedManifest& m) { return m.key.lease; }) !=
           view.manifests.end();
  });
}

/// When the youngest run of our writer that has committed began; it had looked at all that was dead by then.
std::optional<Timestamp> last_commit_began(const std::vector<StoreView>& views, const IndexObjects& own_indexes) {
  std::optional<Timestamp> last;
  for (const auto& [key, index] : own_indexes) {
    const auto owner = keys::parse_manifest(index.owner);
    if (!owner || !is_committed_anywhere(views, owner->lease)) continue;
    last = std::max(last.value_or(owner->start), owner->start);
  }
  return last;
}

/// Whose a damaged lease is nobody can tell; one under an epoch that this host does not know is not ours.
std::optional<FoundLease> read_if_ours(StoreSet::Member& store, const crypto::HostKeys& keys,
                                       const LeaseObjects& objects, const std::stop_token& stop) {
  std::vector<std::string> damaged;
  try {
    return read_lease(store, keys, objects, damaged, stop);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::no_key && error.kind() != ErrorKind::unsupported) throw;
    return std::nullopt;
  }
}

void note(std::optional<Timestamp>& earliest, Timestamp t) {
  earliest = std::min(earliest.value_or(t), t);
}

}  // namespace

std::optional<DeadRuns> find_dead_runs(const StoreView& view, const std::vector<StoreView>& views,
                                       const IndexObjects& own_indexes, const crypto::HostKeys& keys,
                                       const RandomId& own_lease, Clock& clock, const std::stop_token& stop) {
  const auto settled_until = last_commit_began(views, own_indexes);
  auto store = view.store;
  std::optional<Timestamp> from, until, first_started;
  for (const auto& objects : list_lease_objects(store, stop)) {
    if (objects.id == own_lease || is_committed_anywhere(views, objects.id)) continue;
    const auto lease = read_if_ours(store, keys, objects, stop);
    const auto fate = lease ? fate_of(*lease, keys.writer, clock.now()) : Fate::not_ours;
    if (fate == Fate::alive) note(until, objects.first_seen);
    if (fate != Fate::dead || (settled_until && lease->body.expires < *settled_until)) continue;
    note(from, objects.first_seen);
    note(first_started, lease->body.started);
  }
  if (!from) return std::nullopt;
  return DeadRuns{*from, until, *first_started};
}

}  // namespace owl::repository
