#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <vector>

#include "cluster/base.h"
#include "cluster/file_pieces.h"
#include "cluster/map_writer.h"
#include "cluster/page_audit.h"
#include "cluster/piece_reader.h"
#include "cluster/read_plan.h"
#include "concurrency/guarded.h"
#include "concurrency/task_group.h"

namespace owl::cluster {

/// The middle of a backup: everything that was listed is read, or taken over from the backup before, by several
/// workers, while the map is written. One that was refuted is thrown away, and another one begins: what it stored finds
/// itself again by name.
class Reading {
 public:
  struct Context {
    const Listing& files;
    repository::BackupSession& session;
    const crypto::NamingKeys& naming;
    PieceReader::Options reader;
    unsigned workers = 1;
    Clock& clock;
    Monitor& monitor;
    std::stop_token stop;
    std::function<void()> check_alive;  ///< throws when the server's session is gone, and the backup void with it
  };
  explicit Reading(const Context& context);

  void read_all();
  /// Throws MapRefuted.
  void read_changes(const BackupBase& base, EarlierMarks& marks, repository::BlobReader& blobs, const AuditShare& audit,
                    const ClusterDetails& current);
  void read_control(ByteView content);

  MapWriter& map() { return map_; }
  /// Bytes, those of audits not among them.
  std::uint64_t read_bytes() const { return read_bytes_; }
  std::uint64_t audited_bytes() const { return audited_bytes_; }
  /// What audits found rotten on disk, once the reading is over.
  std::vector<std::string> rotten_pages() { return *rotten_.lock(); }
  /// Of all pages that were read.
  postgres::Lsn greatest_lsn() const { return {greatest_lsn_}; }

 private:
  using Items = BoundedQueue<WorkItem>;
  void read_as_planned(std::optional<ReadPlan::Earlier> earlier, const std::optional<PageAudit::Options>& audit);
  void work(TaskGroup& group, Items& items, const std::optional<PageAudit::Options>& audit);
  void read_items(Items& items, const std::optional<PageAudit::Options>& audit, const std::stop_token& stop);
  void note_lsn(postgres::Lsn lsn);

  const Context context_;
  FilePieces pieces_;
  MapWriter map_;
  std::atomic<unsigned> finished_{0};
  std::stop_source watched_;  ///< ends the watch: with the last worker, or with the group
  Guarded<std::vector<std::string>> rotten_;
  std::atomic<std::uint64_t> read_bytes_{0}, audited_bytes_{0}, greatest_lsn_{0};
};

}  // namespace owl::cluster
