#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cluster/file_list.h"
#include "crypto/names.h"

namespace owl::cluster {

/// The largest blob, and the borders at which files are cut: fixed and aligned, so that a file read again is cut again
/// at the same places and finds its pieces by name.
inline constexpr std::uint32_t piece_bytes = 1u << 20;
/// Files up to this size share a blob with their neighbours.
inline constexpr std::uint32_t small_file_bytes = 256u << 10;

/// Bytes of one file that are read for one blob.
struct Part {
  std::uint32_t file = 0;    ///< index into the listing
  std::uint64_t offset = 0;  ///< bytes
  std::uint32_t length = 0;  ///< bytes
};

/// What becomes one blob: a piece of a large file, or several small files of one folder one after the other.
struct WorkItem {
  crypto::BlobKind kind = crypto::BlobKind::bytes;
  std::vector<Part> parts;
};

/// Cuts a listing into items, in its order, as they are asked for: a large cluster has millions. Which small files
/// share a blob is decided by their paths and sizes alone: a batch ends with its folder, when full, or after a file
/// whose path says so, so that a file that comes, goes or grows changes its own batch and no others. Thread-safe.
class WorkPlan {
 public:
  explicit WorkPlan(std::span<const ListedFile> files);  ///< keeps a reference
  ~WorkPlan();
  std::optional<WorkItem> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All items of a plan.
std::vector<WorkItem> plan_items(std::span<const ListedFile> files);

}  // namespace owl::cluster
