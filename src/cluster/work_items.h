#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "cluster/listing.h"
#include "crypto/names.h"
#include "repository/pack.h"

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
  /// Of an audit: what each of its pages was in the earlier backup. Such an item is compared, and not stored.
  std::vector<repository::PageCheck> expected = {};

  bool is_audit() const { return !expected.empty(); }
};

/// Cuts whole files into items, one after the other in the order of the listing. Which small files share a blob is
/// decided by their paths and sizes alone: a batch ends with its folder, when full, or after a file whose path says so,
/// so that a file that comes, goes or grows changes its own batch and no others. One thread at a time.
class ItemCutter {
 public:
  ItemCutter();
  ~ItemCutter();
  void add(const ListedFile& file, std::uint32_t index);
  /// Ends the batches that are begun.
  void finish();
  /// The next item that is ready.
  std::optional<WorkItem> pop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::cluster
