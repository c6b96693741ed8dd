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
    : context_(context), map_(context.files, pieces_, context.session, context.monitor) {}

void Reading::read_all() {
  context_.monitor.phase("reading", context_.files.bytes());
  read_as_planned(std::nullopt, std::nullopt);
}

void Reading::read_changes(const BackupBase& base, EarlierMarks& marks, repository::BlobReader& blobs,
                           const AuditShare& audit, const ClusterDetails& current) {
  context_.monitor.phase("reading changes", 0);
  EarlierMap earlier(base.backup, blobs, context_.session, context_.reader.block_size, context_.stop);
  read_as_planned(ReadPlan::Earlier{earlier, marks, base.changes, audit},
                  PageAudit::Options{context_.reader.data_directory,
                                     context_.reader.block_size,
                                     context_.reader.checksums,
                                     is_same_copy(base.details, current),
                                     {base.details.start, current.start}});
}

void Reading::read_as_planned(std::optional<ReadPlan::Earlier> earlier,
                              const std::optional<PageAudit::Options>& audit) {
  Items items(most_waiting);
  ReadPlan plan({context_.files, pieces_, context_.reader.block_size, earlier,
                 [&] { context_.session.hand_over_data(); }, context_.clock});
  TaskGroup group(context_.stop);
  group.add("backup-plan", [&](std::stop_token stop) { plan.run(items, stop); });
  work(group, items, audit);
  group.wait();
}

void Reading::read_control(ByteView content) {
  PieceReader reader(context_.files, pieces_, context_.session, context_.naming, context_.reader, context_.clock);
  reader.process_bytes(static_cast<std::uint32_t>(context_.files.size_without_control()), content);
  context_.monitor.advance(content.size());
}

void Reading::work(TaskGroup& group, Items& items, const std::optional<PageAudit::Options>& audit) {
  for (unsigned i = 0; i < context_.workers; ++i) {
    group.add("backup-read", [this, &items, &audit](std::stop_token stop) {
      read_items(items, audit, stop);
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

void Reading::read_items(Items& items, const std::optional<PageAudit::Options>& audit, const std::stop_token& stop) {
  PieceReader reader(context_.files, pieces_, context_.session, context_.naming, context_.reader, context_.clock);
  std::optional<PageAudit> auditor;
  if (audit) auditor.emplace(context_.files, *audit, context_.monitor, context_.clock);
  while (const auto item = items.pop(stop)) {
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
