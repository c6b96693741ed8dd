#include "wal/archive.h"

#include <algorithm>
#include <charconv>
#include <mutex>

#include "repository/object_keys.h"

namespace owl::wal {

namespace keys = repository::keys;

Archive Archive::load(repository::StoreSet& stores, postgres::SystemId system_id, std::stop_token stop) {
  Archive archive;
  archive.system_id_ = system_id;
  std::mutex mutex;
  stores.on_each([&](repository::StoreSet::Member& member) {
    member.store->list(
        keys::wal_system(std::to_string(system_id)), "",
        [&](const storage::ObjectInfo& object) {
          const auto parsed = keys::parse_wal_object(object.key);
          const auto name =
              parsed ? postgres::parse_wal_file_name(parsed->file_name) : Result<postgres::WalFileName>(bad_format(""));
          if (!name) return true;  // not ours
          std::lock_guard lock(mutex);
          auto& file = archive.timelines_[name->timeline][name->text];
          file.name = name->text;
          if (file.stores.empty() || file.stores.back() != member.name) file.stores.push_back(member.name);
          if (parsed->copy == 0) file.size = object.size;
          file.copies = std::max(file.copies, parsed->copy + 1);
          return true;
        },
        stop);
  });
  return archive;
}

std::vector<postgres::SystemId> Archive::systems(repository::StoreSet& stores, std::stop_token stop) {
  std::vector<postgres::SystemId> systems;
  std::mutex mutex;
  stores.on_each([&](repository::StoreSet::Member& member) {
    for (const auto& name : member.store->list_folders("wal/", stop)) {
      postgres::SystemId id = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
      if (error != std::errc{} || end != name.data() + name.size()) continue;
      std::lock_guard lock(mutex);
      systems.push_back(id);
    }
  });
  std::ranges::sort(systems);
  systems.erase(std::unique(systems.begin(), systems.end()), systems.end());
  return systems;
}

std::vector<postgres::TimelineId> Archive::timelines() const {
  std::vector<postgres::TimelineId> out;
  for (const auto& [timeline, files] : timelines_) out.push_back(timeline);
  return out;
}

const std::map<std::string, Archive::File>& Archive::files(postgres::TimelineId timeline) const {
  static const std::map<std::string, File> none;
  const auto found = timelines_.find(timeline);
  return found == timelines_.end() ? none : found->second;
}

bool Archive::has(postgres::TimelineId timeline, const std::string& name) const {
  return files(timeline).contains(name);
}

std::vector<Archive::Range> Archive::ranges(postgres::TimelineId timeline, std::uint32_t segment_size) const {
  std::vector<Range> out;
  for (const auto& [name, file] : files(timeline)) {  // names sort as numbers do
    const auto segment = postgres::parse_segment_name(name, segment_size);
    if (!segment) continue;  // .partial, .backup, .history
    if (!out.empty() && out.back().last + 1 == segment->number) {
      out.back().last = segment->number;
    } else {
      out.push_back({segment->number, segment->number});
    }
  }
  return out;
}

}  // namespace owl::wal
