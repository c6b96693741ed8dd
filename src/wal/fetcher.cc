#include "wal/fetcher.h"

#include <fmt/core.h>

#include <cstring>

#include "base/units.h"
#include "repository/object_keys.h"

namespace owl::wal {

namespace keys = repository::keys;

namespace {

constexpr unsigned most_copies = 10;  ///< stored beside a damaged object, ~1 … ~9

/// Asks every store and copy for one file until `use` accepts an object. Tells proven absence from everything else.
/// Returns whether any was accepted.
template <typename Use>
bool from_any_store(repository::StoreSet& stores, const std::string& system, const std::string& name, Use use) {
  std::optional<Error> first_failure;
  bool accepted = false;
  for (auto& member : stores.alive()) {
    for (unsigned copy = 0; copy < most_copies && !accepted; ++copy) {
      const auto key = keys::wal_object(system, name, copy);
      try {
        const auto answer = use(member, key);
        if (answer == std::nullopt) break;  // this store has no such object, and so no further copies
        accepted = true;
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        if (!first_failure) first_failure = Error(error).with_context(fmt::format("store {}", member.name));
        if (error.kind() != ErrorKind::integrity) break;  // a damaged object may have a copy; a dead store has none
      }
    }
    if (accepted) return true;
  }
  if (first_failure) throw std::move(*first_failure);
  if (const auto silent = stores.dropped(); !silent.empty()) {
    throw Error(ErrorKind::unreachable,
                fmt::format("{} is in no store that answers, and {} does not answer", name, silent.front()));
  }
  return false;
}

using Accepted = std::optional<bool>;

}  // namespace

Fetcher::Fetcher(repository::StoreSet& stores, const crypto::HostKeys& host_keys,
                 std::vector<crypto::EpochSecrets> secrets, Options options)
    : stores_(stores), keys_(host_keys), secrets_(std::move(secrets)), options_(std::move(options)) {}

std::optional<Bytes> Fetcher::fetch_stored(const std::string& file_name, std::stop_token stop) {
  const auto system = std::to_string(options_.system_id);
  std::optional<Bytes> plain;
  from_any_store(
      stores_, system, file_name, [&](repository::StoreSet::Member& member, const std::string& key) -> Accepted {
        const auto object = member.store->get(key, stop);
        if (!object) return std::nullopt;
        const auto info = check_wal_object(keys_, key, *object);
        if (info.system_id != options_.system_id || info.file_name != file_name) {
          throw Error(ErrorKind::integrity,
                      fmt::format("the WAL object {} holds {} of system {}", key, info.file_name, info.system_id));
        }
        plain = open_wal_payload(keys_, secrets_, key, *object);
        return true;
      });
  return plain;
}

std::optional<WalInfo> Fetcher::info(const std::string& file_name, std::stop_token stop) {
  constexpr std::uint64_t usual_size = 16 * KiB;
  std::optional<WalInfo> info;
  from_any_store(stores_, std::to_string(options_.system_id), file_name,
                 [&](repository::StoreSet::Member& member, const std::string& key) -> Accepted {
                   auto head = member.store->get_range(key, {0, usual_size}, stop);
                   if (!head) return std::nullopt;
                   const auto header = parse_wal_header(*head);
                   if (header && wal_header_size + header->info_size > head->size() && head->size() == usual_size) {
                     head = member.store->get_range(key, {0, wal_header_size + header->info_size}, stop);
                     if (!head) return std::nullopt;
                   }
                   info = open_wal_info(keys_, key, *head);
                   return true;
                 });
  return info;
}

std::optional<Bytes> Fetcher::fetch(const std::string& file_name, std::stop_token stop) {
  const auto name = value_or_throw(postgres::parse_wal_file_name(file_name));
  if (name.kind != postgres::WalFileKind::segment || !options_.path) return fetch_stored(file_name, stop);
  const auto segment = value_or_throw(postgres::parse_segment_name(file_name, options_.segment_size));
  const auto* stretch = options_.path->find(segment.timeline);
  const auto begin = postgres::start_of(segment, options_.segment_size);
  if (stretch == nullptr || begin >= stretch->end) return std::nullopt;  // another history
  if (begin + options_.segment_size > stretch->end) return fetch_up_to_fork(segment, stretch->end, stop);
  if (auto whole = fetch_stored(file_name, stop)) return whole;
  return fetch_streamed(segment, stop);
}

/// The fork lies in this segment: what stands behind it in the parent's file is another history.
std::optional<Bytes> Fetcher::fetch_up_to_fork(postgres::SegmentId segment, postgres::Lsn fork, std::stop_token stop) {
  const postgres::SegmentId child{options_.path->at(fork), segment.number};
  if (fetch_stored(postgres::to_file_name(child, options_.segment_size), stop)) return std::nullopt;
  if (fetch_streamed(child, stop)) return std::nullopt;
  auto parent = fetch_stored(postgres::to_file_name(segment, options_.segment_size), stop);
  if (!parent) {
    auto open = open_segment(segment, options_.segment_size, stop);
    if (!open || later_is_stored(segment, stop)) return std::nullopt;
    parent = std::move(open->plain);
  }
  const auto kept = fork - postgres::start_of(segment, options_.segment_size);
  std::memset(parent->data() + kept, 0, parent->size() - kept);
  return parent;
}

/// What was streamed of a segment is as good as the segment where that is all of it; where it ends somewhere in it,
/// only on the wanted timeline, and where nothing is known to follow.
std::optional<Bytes> Fetcher::fetch_streamed(postgres::SegmentId segment, std::stop_token stop) {
  auto open = open_segment(segment, options_.segment_size, stop);
  if (!open) return std::nullopt;
  const auto end = postgres::start_of({segment.timeline, segment.number + 1}, options_.segment_size);
  const bool is_newest = segment.timeline == options_.path->target() && !later_is_stored(segment, stop);
  return open->end == end || is_newest ? std::optional(std::move(open->plain)) : std::nullopt;
}

/// Is a whole segment behind this one in any store, on any timeline of the path?
bool Fetcher::later_is_stored(postgres::SegmentId segment, std::stop_token stop) {
  const auto system = std::to_string(options_.system_id);
  bool found = false;
  for (const auto& stretch : options_.path->stretches()) {
    if (stretch.end <= postgres::start_of({segment.timeline, segment.number + 1}, options_.segment_size)) continue;
    const auto here = postgres::to_file_name({stretch.timeline, segment.number}, options_.segment_size);
    const auto look = [&](const storage::ObjectInfo& object) {
      const auto parsed = keys::parse_wal_object(object.key);
      // Names of segments are 24 digits; .partial, .backup and .history files don't lead on.
      found = parsed && parsed->file_name.size() == here.size() && parsed->file_name > here;
      return !found;
    };
    for (auto& member : stores_.alive()) {
      if (!found) {
        member.store->list(keys::wal_timeline(system, stretch.timeline), keys::wal_object(system, here), look, stop);
      }
    }
  }
  return found;
}

std::optional<OpenSegment> Fetcher::open_segment(postgres::SegmentId segment, std::uint32_t segment_size,
                                                 std::stop_token stop) {
  return read_open_segment(stores_, keys_, secrets_, options_.system_id, segment, segment_size, stop);
}

std::vector<postgres::TimelineSwitch> Fetcher::history(postgres::TimelineId timeline, std::stop_token stop) {
  if (timeline <= 1) return {};
  const auto name = postgres::history_file_name(timeline);
  if (secrets_.empty()) {
    if (auto noted = info(name, stop); noted && !noted->history.empty()) return std::move(noted->history);
  }
  const auto bytes = fetch_stored(name, stop);
  if (!bytes) throw Error(ErrorKind::not_found, fmt::format("the history file {} is not in the archive", name));
  return value_or_throw(postgres::parse_timeline_history(*bytes));
}

}  // namespace owl::wal
