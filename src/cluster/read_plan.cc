#include "cluster/read_plan.h"

#include <algorithm>
#include <utility>

#include "base/units.h"
#include "codec/hash.h"
#include "concurrency/task_group.h"

namespace owl::cluster {
namespace {

constexpr std::uint64_t audit_stretch = 16 * MiB;
constexpr std::chrono::milliseconds pause{20};
constexpr int pauses_before_hurry = 20;

/// Cuts at each multiple of `step` bytes.
template <typename Use>
void cut(std::uint64_t begin, std::uint64_t end, std::uint64_t step, Use use) {
  while (begin < end) {
    const auto border = std::min(end, (begin / step + 1) * step);
    use(begin, border);
    begin = border;
  }
}

bool is_unread(const ListedFile& file, const FileEntry& earlier, EarlierMarks& marks) {
  return marks.same(file.path, file.mark) && earlier.size == file.size && earlier.bad_blocks.empty() &&
         (earlier.type == EntryType::pages) == file.is_relation;
}

}  // namespace

bool AuditShare::takes(std::string_view path, std::uint64_t offset) const {
  return (codec::xxh3_64(as_bytes(path)) + offset / audit_stretch + turn) % period == 0;
}

void ReadPlan::run(BoundedQueue<WorkItem>& out, const std::stop_token& stop) {
  out_ = &out;
  stop_ = stop;
  for (std::uint32_t i = 0; i < context_.files.size_without_control(); ++i) {
    if (i % 64 == 0) throw_if_stopped(stop_);
    wait_for_room();
    plan(i);
    emit_ready();
  }
  close_runs();
  cutter_.finish();
  emit_ready();
  out.close();
}

void ReadPlan::plan(std::uint32_t index) {
  const auto& file = files_[index];
  if (file.is_folder || file.size == 0) return;
  if (context_.earlier) return plan_changes(index, *context_.earlier);
  cutter_.add(file, index);
}

void ReadPlan::plan_changes(std::uint32_t index, const Earlier& known) {
  const auto& file = files_[index];
  const auto* earlier = known.map.find(file.path);
  if (earlier != nullptr && main_fork_of(file.path)) return plan_main_fork(index, known, *earlier);
  if (earlier != nullptr && is_unread(file, *earlier, known.marks)) return take_over(index, known, *earlier, {});
  cutter_.add(file, index);
}

void ReadPlan::plan_main_fork(std::uint32_t index, const Earlier& known, const FileEntry& earlier) {
  const auto& file = files_[index];
  const auto pages = static_cast<std::uint32_t>(file.size / context_.block_size);
  auto reads = pages_to_read(file, &earlier, known.changes, context_.block_size);
  const ReadSet all{{0, pages}};
  if (reads != all) reads = without_crumbs(std::move(reads), earlier, pages, context_.block_size);
  if (reads == all) return cutter_.add(file, index);
  audit(index, known, complement(reads, pages));
  take_over(index, known, earlier, reads);
  read(index, reads);
}

void ReadPlan::audit(std::uint32_t index, const Earlier& known, const ReadSet& kept) {
  const auto& file = files_[index];
  for (const auto& run : kept) {
    const std::uint64_t begin = std::uint64_t{run.first} * context_.block_size;
    cut(begin, std::uint64_t{run.end} * context_.block_size, piece_bytes, [&](std::uint64_t from, std::uint64_t to) {
      if (!known.audit.takes(file.path, from)) return;
      const PageRun pages{static_cast<std::uint32_t>(from / context_.block_size),
                          static_cast<std::uint32_t>(to / context_.block_size)};
      emit({crypto::BlobKind::pages, {{index, from, static_cast<std::uint32_t>(to - from)}}, known.map.checks(pages)});
    });
  }
}

/// Where nothing at all is read, the file stays as it was to the byte, so that its part of the map does, too: its time
/// is that of its content.
void ReadPlan::take_over(std::uint32_t index, const Earlier& known, const FileEntry& earlier, const ReadSet& reads) {
  const auto& file = files_[index];
  if (reads.empty() && file.size == earlier.size) {
    auto whole = known.map.whole();
    whole.entry.mode = file.mode;
    context_.pieces.take_over(index, std::move(whole));
    return;
  }
  for (const auto& run : complement(reads, static_cast<std::uint32_t>(file.size / context_.block_size))) {
    for (auto& piece : known.map.pieces(run)) context_.pieces.add(index, std::move(piece));
  }
}

/// Whole pieces of large files are named by themselves, as a backup that reads everything names them.
void ReadPlan::read(std::uint32_t index, const ReadSet& reads) {
  for (const auto& run : reads) {
    const std::uint64_t begin = std::uint64_t{run.first} * context_.block_size;
    cut(begin, std::uint64_t{run.end} * context_.block_size, piece_bytes, [&](std::uint64_t from, std::uint64_t to) {
      const Part part{index, from, static_cast<std::uint32_t>(to - from)};
      if (part.length == piece_bytes) {
        emit({crypto::BlobKind::pages, {part}});
      } else {
        add_run(part);
      }
    });
  }
}

void ReadPlan::add_run(const Part& part) {
  if (runs_bytes_ + part.length > piece_bytes) close_runs();
  runs_.parts.push_back(part);
  runs_bytes_ += part.length;
}

void ReadPlan::close_runs() {
  if (!runs_.parts.empty()) emit(std::exchange(runs_, {crypto::BlobKind::pages, {}}));
  runs_bytes_ = 0;
}

void ReadPlan::emit(WorkItem item) {
  if (!out_->push(std::move(item), stop_)) throw_if_stopped(stop_);
}

void ReadPlan::emit_ready() {
  while (auto item = cutter_.pop()) emit(std::move(*item));
}

void ReadPlan::wait_for_room() {
  for (int pauses = 0; context_.pieces.held_bytes() > context_.most_held; ++pauses) {
    throw_if_stopped(stop_);
    if (pauses == pauses_before_hurry) {
      close_runs();
      cutter_.finish();
      emit_ready();
    }
    if (pauses >= pauses_before_hurry && pauses % pauses_before_hurry == 0) context_.hurry();
    context_.clock.sleep(pause, stop_);
  }
}

}  // namespace owl::cluster
