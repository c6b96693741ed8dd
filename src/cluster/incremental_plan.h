#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "cluster/earlier_map.h"
#include "cluster/file_marks.h"
#include "cluster/file_pieces.h"
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

/// Goes through a listing beside the earlier backup's map and decides of each file what is read. What is taken over it
/// gives to FilePieces itself; what is to be read or audited becomes items for the workers, in the listing's order:
///  - a main fork: the pages that `pages_to_read` says; runs of pages that are less than a piece share blobs with
///    others, of this file and the next ones;
///  - every other file: whole, by its content, as in a backup that reads everything; but where its mark proves that it
///    is the one that was read then, it is taken over.
class IncrementalPlan {
 public:
  struct Context {
    std::span<const ListedFile> files;  ///< without pg_control
    EarlierMap& earlier;
    EarlierMarks& marks;
    const wal::ChangedBlocks& changes;
    FilePieces& pieces;
    std::uint32_t block_size = 0;
    AuditShare audit;
    /// Called when the plan waits for what it has taken over to be written down, and that waits for data on its way:
    /// lets it go.
    std::function<void()> hurry;
    Clock& clock;
    /// Bytes of files and pieces that may wait to be written into the map: a few hundred thousand of them.
    std::size_t most_held = 32u << 20;
  };
  explicit IncrementalPlan(const Context& context) : context_(context) {}

  /// Runs to the end of the listing, and closes the queue. Throws MapRefuted.
  void run(BoundedQueue<WorkItem>& out, const std::stop_token& stop);

 private:
  void plan(std::uint32_t index);
  bool is_unread(const ListedFile& file, const FileEntry& earlier);
  void plan_main_fork(std::uint32_t index, const FileEntry& earlier);
  void audit(std::uint32_t index, const ReadSet& kept);
  void take_over(std::uint32_t index, const FileEntry& earlier, const ReadSet& reads);
  void read(std::uint32_t index, const ReadSet& reads);
  void add_run(const Part& part);
  void close_runs();
  void emit(WorkItem item);
  void emit_ready();
  void wait_for_room();

  const Context context_;
  BoundedQueue<WorkItem>* out_ = nullptr;
  std::stop_token stop_;
  ItemCutter cutter_;
  WorkItem runs_{crypto::BlobKind::pages, {}};  ///< short runs of pages that will share a blob
  std::uint32_t runs_bytes_ = 0;
};

}  // namespace owl::cluster
