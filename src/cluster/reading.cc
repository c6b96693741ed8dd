#include "cluster/reading.h"

#include <algorithm>
#include <iterator>

#include "cluster/base_choice.h"
#include "cluster/work_items.h"

namespace owl::cluster {
namespace {

constexpr std::size_t most_waiting = 64;  ///< items that are planned and not taken

}  // namespace

Reading::Reading(const Context& context)
    : context_(context), pieces_(context.files), map_(context.files, pieces_, context.session, context.monitor) {}

std::span<const ListedFile> Reading::without_control() const {
  return std::span<const ListedFile>(context_.files).first(context_.files.size() - 1);
}

void Reading::read_all() {
  const auto files = without_control();
  std::uint64_t total = 0;
  for (const auto& file : files) total += file.size;
  context_.monitor.phase("reading", total);
  WorkPlan plan(files);
  TaskGroup group(context_.stop);
  work(
      group, [&](const std::stop_token&) { return plan.next(); }, std::nullopt);
  group.wait();
}

void Reading::read_changes(const BackupBase& base, EarlierMarks& marks, repository::BlobReader& blobs,
                           const AuditShare& audit, const ClusterDetails& current) {
  context_.monitor.phase("reading changes", 0);
  BoundedQueue<WorkItem> queue(most_waiting);
  EarlierMap earlier(base.backup, blobs, context_.session, context_.reader.block_size, context_.stop);
  IncrementalPlan plan({without_control(), earlier, marks, base.changes, pieces_, context_.reader.block_size, audit,
                        [&] { context_.session.hand_over_data(); }, context_.clock});
  TaskGroup group(context_.stop);
  group.add("backup-plan", [&](std::stop_token stop) { plan.run(queue, stop); });
  work(
      group, [&](const std::stop_token& stop) { return queue.pop(stop); },
      PageAudit::Options{context_.reader.data_directory,
                         context_.reader.block_size,
                         context_.reader.checksums,
                         is_same_copy(base.details, current),
                         {base.details.start, current.start}});
  group.wait();
}

void Reading::read_control(ByteView content) {
  PieceReader reader(context_.files, pieces_, context_.session, context_.naming, context_.reader, context_.clock);
  reader.process_bytes(static_cast<std::uint32_t>(context_.files.size() - 1), content);
}

void Reading::work(TaskGroup& group, NextItem next, std::optional<PageAudit::Options> audit) {
  for (unsigned i = 0; i < context_.workers; ++i) {
    group.add("backup-read", [this, next, audit](std::stop_token stop) {
      read_items(next, audit, stop);
      if (++finished_ == context_.workers) watched_.request_stop();
    });
  }
  // A lost session voids the backup however much is read already: notice it while the workers read.
  group.add("backup-watch", [this](std::stop_token stop) {
    const std::stop_callback with_group(stop, [&] { watched_.request_stop(); });
    while (context_.clock.sleep(std::chrono::milliseconds(100), watched_.get_token())) context_.check_alive();
  });
  group.add("backup-map", [this](std::stop_token stop) {
    const std::stop_callback with_group(stop, [&] { watched_.request_stop(); });
    while (context_.clock.sleep(std::chrono::milliseconds(200), watched_.get_token())) map_.advance();
  });
}

void Reading::read_items(const NextItem& next, const std::optional<PageAudit::Options>& audit,
                         const std::stop_token& stop) {
  PieceReader reader(context_.files, pieces_, context_.session, context_.naming, context_.reader, context_.clock);
  std::optional<PageAudit> auditor;
  if (audit) auditor.emplace(context_.files, *audit, context_.monitor, context_.clock);
  while (const auto item = next(stop)) {
    throw_if_stopped(stop);
    const bool is_audit = item->is_audit();
    const auto bytes = is_audit ? auditor->process(*item) : reader.process(*item);
    (is_audit ? audited_bytes_ : read_bytes_) += bytes;
    context_.monitor.advance(bytes);
  }
  throw_if_stopped(stop);
  note_lsn(reader.greatest_lsn());
  if (!auditor) return;
  note_lsn(auditor->greatest_lsn());
  std::ranges::copy(auditor->damaged(), std::back_inserter(*rotten_.lock()));
}

void Reading::note_lsn(postgres::Lsn lsn) {
  auto known = greatest_lsn_.load();
  while (lsn.value > known && !greatest_lsn_.compare_exchange_weak(known, lsn.value)) {
  }
}

}  // namespace owl::cluster
