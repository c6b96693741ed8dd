#include "cluster/page_audit.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>

#include "cluster/earlier_map.h"
#include "cluster/page_verifier.h"
#include "postgres/page.h"

namespace owl::cluster {

AuditVerdict judge_unmapped(ByteView page, const repository::PageCheck& earlier, AuditStretch stretch, bool exact) {
  const auto lsn = postgres::page_lsn(page);
  if (lsn > stretch.to) return AuditVerdict::changed_later;
  if (lsn > stretch.from) return AuditVerdict::unmapped;
  if (repository::page_check(page) == earlier) return AuditVerdict::same;
  if (postgres::is_spgist_metapage(page)) return AuditVerdict::hints;
  return exact || all_zero(page) ? AuditVerdict::unmapped : AuditVerdict::hints;
}

PageAudit::PageAudit(const Listing& files, const Options& options, Monitor& monitor, Clock& clock)
    : files_(files), options_(options), monitor_(monitor), clock_(clock), room_(piece_bytes) {}

std::uint64_t PageAudit::process(const WorkItem& item) {
  std::uint64_t bytes = 0;
  std::span<const repository::PageCheck> expected(item.expected);
  for (const auto& part : item.parts) {
    const auto pages = part.length / options_.block_size;
    bytes += compare(part, expected.first(pages));
    expected = expected.subspan(pages);
  }
  return bytes;
}

std::uint64_t PageAudit::compare(const Part& part, std::span<const repository::PageCheck> expected) {
  const auto& file = files_[part.file];
  const auto fd = os::open_if_exists(source_of(file, options_.data_directory), O_RDONLY);
  if (!fd.valid()) return 0;  // dropped since it was listed
  auto size = os::read_at(fd, room_.whole().first(part.length), part.offset, file.path);
  size -= size % options_.block_size;
  const auto pages = room_.whole().first(size);
  const auto first_in_file = static_cast<std::uint32_t>(part.offset / options_.block_size);
  const auto bad = verify_pages(
      pages, {fd, file.path, part.offset, file.first_block + first_in_file, options_.block_size, options_.checksums},
      clock_);
  for (std::uint32_t i = 0; i < size / options_.block_size; ++i) {
    const ByteView page = pages.subspan(std::size_t{i} * options_.block_size, options_.block_size);
    const auto block = file.first_block + first_in_file + i;
    if (std::ranges::find(bad, i) != bad.end()) {
      damaged_.push_back(fmt::format(
          "block {} of {} is damaged on disk; this backup keeps it as it was in the one before", block, file.path));
      monitor_.warning(damaged_.back());
      continue;
    }
    const auto verdict = judge_unmapped(page, expected[i], options_.stretch, options_.checksums && options_.same_copy);
    if (verdict == AuditVerdict::unmapped) {
      throw MapRefuted(fmt::format("block {} of {} changed (its LSN is {}) and no change map says so", block, file.path,
                                   postgres::to_text(postgres::page_lsn(page))));
    }
    greatest_lsn_ = std::max(greatest_lsn_, postgres::page_lsn(page));
  }
  return size;
}

}  // namespace owl::cluster
