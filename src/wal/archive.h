#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "postgres/timeline_history.h"
#include "repository/stores.h"
#include "wal/wal_object.h"

namespace owl::wal {

/// What one cluster (system id) has in the archive, read from listings of all stores: names and sizes only.
class Archive {
 public:
  Archive() = default;
  /// An empty one, into which stores are listed one by one.
  explicit Archive(postgres::SystemId system_id) : system_id_(system_id) {}
  /// Lists one store: wholly, or not at all where it throws.
  void add(repository::StoreSet::Member& member, std::stop_token stop = {});

  static Archive load(repository::StoreSet& stores, postgres::SystemId system_id, std::stop_token stop = {});
  /// System ids that have any WAL in the stores.
  static std::vector<postgres::SystemId> systems(repository::StoreSet& stores, std::stop_token stop = {});

  struct File {
    std::string name;
    std::uint64_t size = 0;  ///< bytes stored
    std::vector<std::string> stores;
    unsigned copies = 1;
  };
  postgres::SystemId system_id() const { return system_id_; }
  std::vector<postgres::TimelineId> timelines() const;
  const std::map<std::string, File>& files(postgres::TimelineId timeline) const;
  bool has(postgres::TimelineId timeline, const std::string& name) const;

  /// Ranges of consecutive segment numbers of one timeline, ascending.
  struct Range {
    std::uint64_t first = 0, last = 0;
  };
  std::vector<Range> ranges(postgres::TimelineId timeline, std::uint32_t segment_size) const;

 private:
  void merge(const Archive& other);  ///< of other stores

  postgres::SystemId system_id_ = 0;
  std::map<postgres::TimelineId, std::map<std::string, File>> timelines_;
};

}  // namespace owl::wal
