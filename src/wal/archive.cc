#include "wal/archive.h"

#include <algorithm>
#include <charconv>
#include <mutex>

#include "repository/object_keys.h"

namespace owl::wal {

namespace keys = repository::keys;

namespace {

struct Listed {
  postgres::WalFileName name;
  std::uint64_t size = 0;
  unsigned copy = 0;
};

std::vector<Listed> list_wal(repository::StoreSet::Member& member, postgres::SystemId system_id,
                             const std::stop_token& stop) {
  std::vector<Listed> out;
  member.store->list(
      keys::wal_system(std::to_string(system_id)), "",
      [&](const storage::ObjectInfo& object) {
        const auto parsed = keys::parse_wal_object(object.key);
        if (!parsed) return true;  // not ours
        if (auto name = postgres::parse_wal_file_name(parsed->file_name)) {
          out.push_back({std::move(*name), object.size, parsed->copy});
        }
        return true;
      },
      stop);
  return out;
}

}  // namespace

void Archive::add(repository::StoreSet::Member& member, std::stop_token stop) {
  for (auto& listed : list_wal(member, system_id_, stop)) {
    auto& file = timelines_[listed.name.timeline][listed.name.text];
    file.name = listed.name.text;
    if (file.stores.empty() || file.stores.back() != member.name) file.stores.push_back(member.name);
    if (listed.copy == 0) file.size = listed.size;
    file.copies = std::max(file.copies, listed.copy + 1);
  }
}

Archive Archive::load(repository::StoreSet& stores, postgres::SystemId system_id, std::stop_token stop) {
  std::mutex mutex;
  Archive all(system_id);
  stores.on_each([&](repository::StoreSet::Member& member) {
    Archive one(system_id);
    one.add(member, stop);
    const std::lock_guard lock(mutex);
    all.merge(one);
  });
  return all;
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

void Archive::merge(const Archive& other) {
  for (const auto& [timeline, files] : other.timelines_) {
    for (const auto& [name, theirs] : files) {
      auto& file = timelines_[timeline][name];
      file.name = name;
      file.stores.insert(file.stores.end(), theirs.stores.begin(), theirs.stores.end());
      file.size = std::max(file.size, theirs.size);
      file.copies = std::max(file.copies, theirs.copies);
    }
  }
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
