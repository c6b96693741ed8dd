#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "crypto/names.h"

namespace owl::repository {

/// Where a known blob lies.
struct BlobPlace {
  std::uint32_t pack = 0;  ///< the run's number of the pack
  std::uint32_t entry = 0;
  friend bool operator==(const BlobPlace&, const BlobPlace&) = default;
};

/// The writer's view of what is stored already: a table of 28 bytes a slot in buckets of 4 KiB, at most three quarters
/// full. A table that would take more than its share of memory lies in a file without a name, which costs one read of
/// 4 KiB for each question, mostly from the page cache: so a repository of any size can be written to from a small
/// host. Names are keyed, so nobody outside chooses where they fall. Not thread-safe.
/// Errors: io where that file can't be written (a full disk).
class DedupIndex {
 public:
  struct Limits {
    std::uint64_t memory_bytes = 32u << 20;  ///< of the table; twice as much for a moment while it grows
    std::filesystem::path folder = "/tmp";   ///< for the file, where one is needed; made if it isn't there
  };
  DedupIndex();
  explicit DedupIndex(Limits limits);
  DedupIndex(DedupIndex&&) noexcept;
  ~DedupIndex();

  /// A name may have several places, in different packs.
  void add(const crypto::BlobName& name, BlobPlace place, std::uint32_t plain_size);
  /// What lies in this pack is not found any more, nor what is added of it later.
  void exclude(std::uint32_t pack);
  /// And from here on it is again.
  void include(std::uint32_t pack);
  /// The first place that was added and is not excluded. A name whose plain size differs is no match.
  std::optional<BlobPlace> find(const crypto::BlobName& name, std::uint32_t plain_size);
  std::size_t size() const { return used_; }  ///< places
  bool in_file() const;

 private:
  class Buckets;
  void grow();

  Limits limits_;
  std::unique_ptr<Buckets> buckets_;
  std::size_t used_ = 0;
  std::vector<bool> excluded_;  ///< by pack
};

}  // namespace owl::repository
