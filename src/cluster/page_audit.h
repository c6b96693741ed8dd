#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "cluster/listing.h"
#include "cluster/work_items.h"
#include "observe/monitor.h"
#include "os/aligned_buffer.h"
#include "os/file_descriptor.h"
#include "postgres/page.h"

namespace owl::cluster {

/// What a page that no map names turned out to be, compared with what it was in the earlier backup.
enum class AuditVerdict : std::uint8_t {
  same,
  changed_later,  ///< after this backup's start: replay brings the rest
  /// Other bytes and no newer LSN, where WAL needn't tell: hint bits on a cluster without checksums or between a
  /// primary and its standby, and the metapage of an SP-GiST index, whose list of pages with room is a cache. The
  /// earlier page is as good.
  hints,
  unmapped,  ///< it changed in between, and no map says so: a map is wrong
};
/// Between which redo pointers the maps are to have told of every change.
struct AuditStretch {
  postgres::Lsn from, to;
};
/// Pure. A page's LSN is the end of the record that changed it last. `exact`: the same copy of a cluster with checksums
/// was read then. With checksums every other change that reaches
/// the disk has WAL (hint bits: XLogSaveBufferForHint), so that other bytes need a newer LSN.
AuditVerdict judge_unmapped(ByteView page, const repository::PageCheck& earlier, AuditStretch stretch, bool exact);

/// Reads pages that an incremental backup doesn't, and compares them with what they were. One worker's; one thread.
class PageAudit {
 public:
  struct Options {
    std::filesystem::path data_directory;
    std::uint32_t block_size = 0;
    bool checksums = false;
    bool same_copy = true;  ///< as the earlier backup read
    AuditStretch stretch;
  };
  PageAudit(const Listing& files, const Options& options, Monitor& monitor, Clock& clock);

  /// Returns the bytes read. Throws MapRefuted on a page that changed and that no map names. A page that is damaged on
  /// disk is warned of, and noted: the backup keeps the good one.
  std::uint64_t process(const WorkItem& item);
  /// The greatest LSN of any page.
  postgres::Lsn greatest_lsn() const { return greatest_lsn_; }
  const std::vector<std::string>& damaged() const { return damaged_; }  ///< a sentence for each page, for people

 private:
  std::uint64_t compare(const Part& part, std::span<const repository::PageCheck> expected);

  ListingReader files_;
  const Options options_;
  Monitor& monitor_;
  Clock& clock_;
  os::AlignedBuffer room_;
  postgres::Lsn greatest_lsn_;
  std::vector<std::string> damaged_;
};

}  // namespace owl::cluster
