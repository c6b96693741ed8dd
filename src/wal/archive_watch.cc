#include "wal/archive_watch.h"

#include <fmt/core.h>

#include <algorithm>

#include "os/file.h"
#include "repository/object_keys.h"
#include "wal/archive_report.h"
#include "wal/server_folder.h"

namespace owl::wal {
namespace {

namespace keys = repository::keys;

constexpr std::chrono::seconds glance{1};  ///< how often a new timeline is looked for

bool is_anywhere(std::vector<repository::StoreSet::Member>& members, const std::string& key,
                 const std::stop_token& stop) {
  return std::ranges::any_of(members, [&](auto& member) { return member.store->stat(key, stop).has_value(); });
}

}  // namespace

ArchiveWatch::ArchiveWatch(Archiver& archiver, const crypto::HostKeys& host_keys, const WatchOptions& options,
                           Clock& clock, Monitor& monitor)
    : archiver_(archiver), keys_(host_keys), options_(options), clock_(clock), monitor_(monitor) {}

ArchiveWatch::Listing ArchiveWatch::list(const std::stop_token& stop) {
  Listing out{Archive(options_.system_id), {}, {}};
  for (auto& lane : archiver_.lanes()) {
    bool listed = false;
    try {
      listed = lane->through_breaker([&] { out.archive.add(lane->member(), stop); });
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
    }
    if (listed) {
      out.members.push_back(lane->member());
    } else {
      out.unlisted.push_back(lane->name());
    }
  }
  // What was acknowledged into the spool is on its way.
  if (archiver_.spool() != nullptr) out.archive.add(archiver_.spool()->member(), stop);
  return out;
}

Histories ArchiveWatch::histories(const Listing& listing, const std::stop_token& stop) {
  // A copy's own timeline asks nothing of the archive.
  const auto local = is_enrolled() ? files_in(options_.data_directory / "pg_wal") : std::vector<std::string>{};
  for (const auto& name : local) {
    const auto parsed = postgres::parse_wal_file_name(name);
    if (!parsed || parsed->kind != postgres::WalFileKind::history || histories_.contains(parsed->timeline)) continue;
    const auto bytes = os::read_file_if_exists(options_.data_directory / "pg_wal" / name);
    if (!bytes) continue;
    if (auto history = postgres::parse_timeline_history(*bytes)) histories_[parsed->timeline] = std::move(*history);
  }
  const auto timelines = listing.archive.timelines();
  const bool new_ones = std::ranges::any_of(timelines, [&](postgres::TimelineId timeline) {
    return listing.archive.has(timeline, postgres::history_file_name(timeline)) && !histories_.contains(timeline);
  });
  if (!new_ones) return histories_;
  repository::StoreSet stores(listing.members, monitor_);
  Fetcher fetcher(stores, keys_, {}, {options_.system_id, std::nullopt, options_.segment_size});
  auto read = read_histories(listing.archive, fetcher, stop);
  histories_.merge(read);
  return histories_;
}

/// What must be there: told to PostgreSQL as archived, marked so by PostgreSQL itself, or of a backup.
KnownExtents ArchiveWatch::known(const Archive& archive, const std::stop_token& stop) {
  auto out = options_.needed ? options_.needed(stop) : KnownExtents{};
  const auto server = server_state(options_.data_directory, clock_);
  if (!server.in_production) return out;  // a standby marks what its primary may not have archived
  constexpr std::string_view done = ".done";
  for (const auto& entry : files_in(options_.data_directory / "pg_wal" / "archive_status")) {
    if (!entry.ends_with(done)) continue;
    const auto segment =
        postgres::parse_segment_name(entry.substr(0, entry.size() - done.size()), options_.segment_size);
    if (!segment || segment->timeline != server.timeline) continue;
    // Marked for another archive_command, perhaps: it counts only behind something that is here.
    const auto ranges = archive.ranges(segment->timeline, options_.segment_size);
    if (!ranges.empty() && ranges.front().first < segment->number) {
      extend(out, segment->timeline, {segment->number, segment->number});
    }
  }
  return out;
}

/// What a store had at the last look and has no more: its lane is told, so that it is copied from another.
void ArchiveWatch::note_losses(const Listing& listing) {
  for (const auto timeline : listing.archive.timelines()) {
    for (const auto& [name, file] : listing.archive.files(timeline)) {
      for (auto& lane : archiver_.lanes()) {
        const auto lists_it = [&](const Archive::File& f) {
          return std::ranges::find(f.stores, lane->name()) != f.stores.end();
        };
        const bool unlisted = std::ranges::find(listing.unlisted, lane->name()) != listing.unlisted.end();
        if (unlisted || lists_it(file)) continue;
        lane->add_missed(name);
        if (!before_) continue;
        const auto& then = before_->files(timeline);
        const auto found = then.find(name);
        if (found == then.end() || !lists_it(found->second)) continue;
        monitor_.warning(fmt::format("store {} lost {}, which it had: it is copied there again", lane->name(), name));
        const std::lock_guard lock(mutex_);
        ++state_.lost;
      }
    }
  }
}

/// Those of the segments that are nowhere even when asked for by name a moment later.
std::vector<Gap> ArchiveWatch::confirmed(const std::vector<Gap>& gaps, Listing& listing, const std::stop_token& stop) {
  std::vector<postgres::SegmentId> missing;
  if (gaps.empty() || !clock_.sleep(options_.confirm_after, stop)) return {};
  auto places = listing.members;
  if (archiver_.spool() != nullptr) places.push_back(archiver_.spool()->member());
  for (const auto& gap : gaps) {
    for (auto number = gap.first; number <= gap.last; ++number) {
      const auto name = postgres::to_file_name({gap.timeline, number}, options_.segment_size);
      const auto key = keys::wal_object(std::to_string(options_.system_id), name);
      if (!is_pending(name) && !is_anywhere(places, key, stop)) missing.push_back({gap.timeline, number});
    }
  }
  return to_gaps(missing);
}

void ArchiveWatch::tell(const std::vector<Gap>& gaps, Listing& listing, const std::stop_token& stop) {
  std::vector<Gap> unacknowledged;
  std::vector<GapAcknowledgement> acknowledged;
  if (!gaps.empty()) acknowledged = list_acknowledgements(listing.members, keys_, options_.system_id, monitor_, stop);
  for (const auto& gap : gaps) {
    if (!covering(acknowledged, gap, options_.segment_size).empty()) continue;
    unacknowledged.push_back(gap);
    if (!told_.insert(gap).second) continue;
    const auto text = to_text(gap, options_.segment_size);
    monitor_.warning(
        fmt::format("WAL is missing: {} is in no store, nor in pg_wal. No restore can pass it; a new base backup makes "
                    "what follows restorable. `owlbackup wal acknowledge-gap {}` ends this warning",
                    text, text));
  }
  std::erase_if(told_, [&](const Gap& gap) { return std::ranges::find(gaps, gap) == gaps.end(); });
  {
    const std::lock_guard lock(mutex_);
    state_.gaps = unacknowledged;
    state_.acknowledged_gaps = gaps.size() - unacknowledged.size();
    state_.last_look = clock_.now();
    state_.last_error.clear();
  }
  if (options_.on_gaps) options_.on_gaps(unacknowledged);
}

void ArchiveWatch::look(std::stop_token stop) {
  const auto acknowledged = archiver_.acknowledged();  // before the listing: what is in it must be listed
  auto listing = list(stop);
  {
    const std::lock_guard lock(mutex_);
    state_.unlisted = listing.unlisted;
  }
  if (listing.members.empty()) throw Error(ErrorKind::unreachable, "no store can be listed");
  note_losses(listing);
  if (!listing.unlisted.empty()) {
    throw Error(ErrorKind::unreachable,
                fmt::format("store {} can't be listed: what is missing can't be told", listing.unlisted.front()));
  }
  auto extents = known(listing.archive, stop);
  for (const auto& name : acknowledged) {
    if (const auto segment = postgres::parse_segment_name(name, options_.segment_size)) {
      extend(extents, segment->timeline, {segment->number, segment->number});
    }
  }
  const auto graph = draw_timelines(listing.archive, options_.segment_size, histories(listing, stop), extents);
  repair_histories(listing.archive, stop);
  const auto gaps = confirmed(after_repair(graph.gaps(), stop), listing, stop);
  if (stop.stop_requested()) return;
  tell(gaps, listing, stop);
  before_ = std::move(listing.archive);
}

void ArchiveWatch::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const auto before = server_state(options_.data_directory, clock_);
    const auto since = clock_.monotonic();
    try {
      look(stop);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) return;
      note_failure(error);
    }
    while (clock_.monotonic() - since < options_.every && server_state(options_.data_directory, clock_) == before) {
      if (!clock_.sleep(std::min<std::chrono::nanoseconds>(glance, options_.every), stop)) return;
    }
  }
}

void ArchiveWatch::note_failure(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (state_.last_error != error.what()) monitor_.warning(fmt::format("checking the archive: {}", error.what()));
  state_.last_error = error.what();
}

ArchiveWatch::State ArchiveWatch::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace owl::wal
