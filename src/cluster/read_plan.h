#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "cluster/earlier_map.h"
#include "cluster/file_marks.h"
#include "cluster/file_pieces.h"
#include "cluster/listing.h"
#include "cluster/work_items.h"
#include "concurrency/bounded_queue.h"
#include "wal/change_map.h"

namespace owl::cluster {

/// Which part of the pages that no map names is read all the same and compared: one part in `period`, another one for
/// each of `period` values of `turn`.
struct AuditShare {
  std::uint32_t period = 30;
  std::uint64_t turn = 0;

  /// Is it this stretch's turn? Of a file, the stretches of 16 MiB are chosen one by one.
  bool takes(std::string_view path, std::uint64_t offset) const;
};

/// Goes through a listing and decides of each file what is read. Without an earlier backup that is everything; else
/// what is taken over from that it gives to FilePieces itself, and what is to be read or audited becomes items for the
/// workers, in the listing's order:
///  - a main fork: the pages that `pages_to_read` says; runs of pages that are less than a piece share blobs with
///    others, of this file and the next ones;
///  - every other file: whole, by its content, as in a backup that reads everything; but where its mark proves that it
///    is the one that was read then, it is taken over.
class ReadPlan {
 public:
  /// What is known of an earlier backup and of the time since.
  struct Earlier {
    EarlierMap& map;
    EarlierMarks& marks;
    const wal::ChangedBlocks& changes;
    AuditShare audit;
  };
  struct Context {
    const Listing& files;  ///< pg_control is not planned
    FilePieces& pieces;
    std::uint32_t block_size = 0;
    std::optional<Earlier> earlier;
    /// Called when the plan waits for what has been read or taken over to be written down, and that waits for data on
    /// its way: lets it go.
    std::function<void()> hurry;
    Clock& clock;
    /// Bytes of files and pieces that may wait to be written into the map: some hundred thousand of them.
    std::size_t most_held = 16u << 20;
  };
  explicit ReadPlan(const Context& context) : context_(context), files_(context.files) {}

  /// Runs to the end of the listing, and closes the queue. Throws MapRefuted.
  void run(BoundedQueue<WorkItem>& out, const std::stop_token& stop);

 private:
  void plan(std::uint32_t index);
  void plan_changes(std::uint32_t index, const Earlier& known);
  void plan_main_fork(std::uint32_t index, const Earlier& known, const FileEntry& earlier);
  void audit(std::uint32_t index, const Earlier& known, const ReadSet& kept);
  void take_over(std::uint32_t index, const Earlier& known, const FileEntry& earlier, const ReadSet& reads);
  void read(std::uint32_t index, const ReadSet& reads);
  void add_run(const Part& part);
  void close_runs();
  void emit(WorkItem item);
  void emit_ready();
  void wait_for_room();

  const Context context_;
  ListingReader files_;
  BoundedQueue<WorkItem>* out_ = nullptr;
  std::stop_token stop_;
  ItemCutter cutter_;
  WorkItem runs_{crypto::BlobKind::pages, {}};  ///< short runs of pages that will share a blob
  std::uint32_t runs_bytes_ = 0;
};

}  // namespace owl::cluster
